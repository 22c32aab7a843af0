/*
 * Faults on demand. A fault is written CALL[/NAME]:KIND[=VALUE][xCOUNT]: CALL is
 * login, file, list, object or any; NAME, percent-encoded, is the one file whose
 * file and object calls it strikes; COUNT says how many times it strikes
 * (without: always). The first fault in the list that fits and has strikes
 * left is the one that strikes; delay and drip are independent of the others,
 * so that an answer may be late, slow and wrong. Safe to use from several
 * threads.
 */
#pragma once

#include <glib.h>

#include "emulator/base/request.h"

typedef enum {
    SM_FAULT_DELAY,
    SM_FAULT_DRIP,
    SM_FAULT_STATUS,
    SM_FAULT_RESET,
    SM_FAULT_SHORT,
    SM_FAULT_STALL,
    SM_FAULT_BROKEN_JSON,
    SM_FAULT_NOT_JSON,
    SM_FAULT_HUGE_JSON,
    SM_FAULT_WRONG_LENGTH,
    SM_FAULT_NO_LENGTH,
    SM_FAULT_ENCODING,
    SM_FAULT_REDIRECT,
    SM_FAULT_EXPIRED,
    SM_FAULT_FOREIGN_HOST,
    SM_FAULT_HTTP_URL,
    SM_FAULT_USERINFO_URL,
    SM_FAULT_BAD_ETAG,
    SM_FAULT_XML_200,
    SM_FAULT_RETRY_AFTER,
    SM_FAULT_CORRUPT,
    SM_FAULT_HTML,
    SM_FAULT_GATEWAY,
    SM_FAULT_MAX_SESSIONS,
} SmFaultKind;

/* What a fault does to an answer: of each class at most one strikes a request. */
typedef enum { SM_FAULT_LATE, SM_FAULT_SLOW, SM_FAULT_WRONG } SmFaultClass;

enum { SM_FAULT_NO_VALUE = -1 };

typedef struct {
    SmFaultKind kind;
    const char *name; /* of the kind, static */
    gint64 number;    /* SM_FAULT_NO_VALUE where none was given */
    char *text;
    char *file;  /* the name that it strikes alone, or NULL */
    guint calls; /* of SmCall */
    gint64 left; /* strikes; -1: no end of them; changed under the lock of the list */
} SmFault;

typedef struct SmFaults SmFaults;

/* The faults in specs (NULL-terminated, may be NULL); SM_ERROR_USAGE for one that is none. */
SmFaults *sm_faults_new(const char *const *specs, GError **error);

/* Frees faults. */
void sm_faults_free(SmFaults *faults);

/* Replaces the list, or leaves it as it is when a spec is wrong. SM_ERROR_USAGE. */
gboolean sm_faults_replace(SmFaults *faults, const char *const *specs, GError **error);

/*
 * Takes a strike of that class for a request that would be answered with status
 * (0: not known yet); NULL for none. Faults that spoil a body wait for an
 * answer that succeeds. Caller owns.
 */
SmFault *sm_faults_take(SmFaults *faults, SmFaultClass class, const SmRequest *request,
                        guint status);

/* Gives back what sm_faults_take() gave. */
void sm_fault_free(SmFault *fault);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmFaults, sm_faults_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmFault, sm_fault_free)
