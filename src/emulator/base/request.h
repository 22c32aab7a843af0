/*
 * This room has what the emulator's other rooms share: requests, answers, users, files,
 * hashes.
 *
 * One request as it came, free of the HTTP library, so that what answers it
 * can be tested without a server. The time is read once, when the request
 * arrives (sm_clock_now), and everything that depends on time, tokens and
 * signatures above all, takes it from here: a test just writes another one.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_CALL_LOGIN = 1 << 0,
    SM_CALL_FILE = 1 << 1,
    SM_CALL_LIST = 1 << 2,
    SM_CALL_OBJECT = 1 << 3,
    SM_CALL_OTHER = 1 << 4,
} SmCall;

enum { SM_REQUEST_BODY_MAX = 64 * 1024 };

typedef struct {
    char *method;
    char *path;            /* as sent, percent-encoding and all */
    char *query;           /* as sent, "" if there is none */
    GPtrArray *parameters; /* of the query (SmParameter), decoded; NULL if its encoding is broken */
    GHashTable *headers;   /* lower-case name -> value */
    GString *body;         /* never more than SM_REQUEST_BODY_MAX bytes */
    gboolean too_large;    /* there was more */
    gint64 arrived;        /* seconds since 1970 */
    SmCall call;           /* from the path */
    char *name;            /* the file that a file or object call asks for, decoded, or NULL */
    char *user;            /* who asks; NULL until known */
} SmRequest;

/* The seconds since 1970: the one place where the emulator reads a clock for what it decides. */
gint64 sm_clock_now(void);

/* A request for target (path and query), without headers and body. */
SmRequest *sm_request_new(const char *method, const char *target, gint64 arrived);

/* Frees request. */
void sm_request_free(SmRequest *request);

/* Adds a header; several of one name are joined by ", " (RFC 9110, 5.3). */
void sm_request_add_header(SmRequest *request, const char *name, const char *value);

/* The value of a header, its name in lower case, or NULL. */
const char *sm_request_header(const SmRequest *request, const char *name);

/* Appends to the body what still fits. */
void sm_request_add_body(SmRequest *request, const char *data, gsize size);

/* login, file, list, object or other. */
const char *sm_call_name(SmCall call);

/* The SmCall of that name; 0: there is none. */
guint sm_call_named(const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmRequest, sm_request_free)
