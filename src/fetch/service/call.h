/*
 * One call of the web service: a POST of JSON and its answer. What is asked
 * for is in service.h and login.h.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/host/autoptr.h"
#include "fetch/http/shared.h"
#include "fetch/ledger/ledger.h"
#include "fetch/rules/refusal.h"

enum { SM_SERVICE_BODY_MAX = 8 * 1024 /* bytes: two strings, each character escaped at worst */ };

typedef struct {
    const SmAccount *account;
    SmLedger *ledger;
    const SmShared *shared; /* never NULL */
    SmToken *token;         /* its own, where the service wants no password; NULL: none */
    CURL *handle;           /* keeps its connection between calls, unless there is an engine */
    gint64 deadline;        /* monotonic time (microseconds) at which a call ends; 0: none */
    guint retry_after;      /* seconds, of the last answer; 0: none said */
    gboolean eager;         /* a person looks: a rejected password is tried once more in a minute */
    gboolean crowded;       /* the last answer was SM_REFUSAL_SESSIONS */
    gboolean raw;           /* answers are read as they come, whatever Content-Encoding says */
} SmService;

/* shared may be NULL, else it must live as long. */
SmService *sm_service_new(const SmAccount *account, SmLedger *ledger, const SmShared *shared);

/* Frees service; NULL is allowed. */
void sm_service_free(SmService *service);

/* An answer that may hold a token or a presigned URL (secret memory, 64 KiB at most), or a listing
 * (32 MiB at most). Before the call all is zero but for the first two members. */
typedef struct {
    gboolean listing;
    gboolean of_file; /* the call named a file: 404 is about that */
    gboolean too_large;
    long status;
    char *text; /* not terminated */
    gsize length, room;
} SmReply;

/* Frees reply. */
void sm_reply_clear(SmReply *reply);

/*
 * Posts body to path (which follows the service's URL) and waits for the whole
 * answer, whatever its status. Errors: SM_ERROR_SERVICE (unreachable, too large,
 * asked for a pause that is too long), SM_ERROR_TRUST, SM_ERROR_LIMIT (the
 * deadline or the run is over), SM_ERROR_INTERNAL.
 */
gboolean sm_service_post(SmService *service, const char *path, const char *body, SmReply *reply,
                         GError **error);

/* Whether the text of an answer has one of the two members in it: not parsed, since it may be
 * secret. */
gboolean sm_reply_has(const SmReply *reply, const char *one, const char *other);

/* What an answer without URL or token says against the user, by its words; secret is what the call
 * carried. */
SmRefusalKind sm_reply_refusal(const SmReply *reply, const char *secret);

/* What sm_reply_message() gives where there are no words. */
#define SM_REPLY_SAYS_NOTHING "no reason given"

/* " (it is not JSON)", or "" where the answer is an object. Static. */
const char *sm_reply_form(const SmReply *reply);

/* The service's own words, cleaned, without queries of URLs, unless they would repeat secret.
 * Caller frees. */
char *sm_reply_message(const SmReply *reply, const char *secret);

/*
 * The error for an answer that is no refusal of the user (those are the caller's):
 * SM_ERROR_NOT_FOUND for 404 where a file was asked for, SM_ERROR_WAY for 401 and
 * 403, else SM_ERROR_SERVICE.
 */
void sm_reply_set_error(GError **error, const SmService *service, const SmReply *reply,
                        const char *message);

/* Frees what cJSON made of an answer, after wiping the string secret in it (may be NULL). */
void sm_reply_forget(cJSON *json, char *secret);

/* {"KEY":VALUE,...} of a NULL-terminated list of pairs, in SM_SERVICE_BODY_MAX bytes of secret
 * memory and without a copy elsewhere. SM_ERROR_INTERNAL if it does not fit. */
char *sm_service_body(GError **error, const char *key, ...) G_GNUC_NULL_TERMINATED;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmService, sm_service_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmReply, sm_reply_clear)
