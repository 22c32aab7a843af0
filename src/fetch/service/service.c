#include "fetch/service/service.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/alert/alert.h"
#include "fetch/host/memory.h"
#include "fetch/host/waiting.h"
#include "fetch/http/pace.h"
#include "fetch/notes/accounts.h"
#include "fetch/rules/elements.h"
#include "fetch/rules/pause.h"
#include "fetch/rules/presigned.h"
#include "fetch/rules/since.h"
#include "fetch/service/gate.h"
#include "fetch/service/login.h"

enum { URL_MAX = 8 * 1024 /* bytes */ };

/* The URL out of a 200's body, copied to secret memory. */
static char *
url_in(const SmService *service, const SmReply *reply, GError **error)
{
    cJSON *json = sm_elements_parse(reply->text, reply->length, "fileUrl");
    char *found = cJSON_GetStringValue(json);
    char *url = NULL;

    if (found == NULL || *found == '\0') {
        sm_error_set(error, SM_ERROR_SERVICE, "%s: the answer has no fileUrl%s",
                     service->account->service_url, sm_reply_form(reply));
    } else if (strlen(found) >= URL_MAX) {
        sm_error_set(error, SM_ERROR_URL,
                     "the service's URL has %zu bytes, and object stores take %d" SM_PRESIGNED_BAD,
                     strlen(found), URL_MAX);
    } else if (sm_presigned_check(found, (const char *const *)service->account->storage_hosts,
                                  error)) {
        url = sm_secret_copy(found, URL_MAX);
    }
    sm_reply_forget(json, found);
    return url;
}

void
sm_service_forget_url(char *url)
{
    sm_secret_release(url, URL_MAX);
}

/* Of a token, by the service or a gateway: a new token may be accepted. */
static gboolean
is_rejection(const SmReply *reply)
{
    return reply->status == 401 || reply->status == 403;
}

/* Posts with token; TRUE when there is an answer, whatever it says. */
static gboolean
post_with(SmService *service, const char *path, const char *token, SmReply *reply, GError **error)
{
    char *body = sm_service_body(error, "token", token, NULL);
    gboolean answered;

    sm_reply_clear(reply);
    answered = body != NULL && sm_service_post(service, path, body, reply, error);
    sm_secret_release(body, SM_SERVICE_BODY_MAX);
    return answered;
}

/* That the user may do nothing is said as loudly as where the password was sent. */
static void
set_refused(const SmService *service, const SmReply *reply, SmRefusalKind kind, const char *message,
            GError **error)
{
    const char *account = service->account->name;
    g_autoptr(GError) fault = NULL;

    if (kind == SM_REFUSAL_ROLE)
        sm_gate_set_rejected(&fault, service->account, message, sm_ledger_now());
    else
        sm_error_set(&fault, SM_ERROR_CREDENTIALS,
                     "account %s: the service rejects the token that it has just issued (%ld: %s); "
                     "does the user have the role File Downloads?",
                     account, reply->status, message);
    if (service->ledger != NULL)
        sm_alert(service->ledger, account, SM_ALERT_CREDENTIALS, fault->message);
    g_propagate_error(error, g_steal_pointer(&fault));
}

/* The answers that all calls with a token have in common; TRUE for 200. */
static gboolean
judge(const SmService *service, const SmReply *reply, const char *token, GError **error)
{
    g_autofree char *message = NULL;
    SmRefusalKind kind;

    if (reply->status == 200 &&
        !(reply->listing && sm_listing_is_refused(reply->text, reply->length)))
        return TRUE;
    message = sm_reply_message(reply, token);
    kind = sm_reply_refusal(reply, token);
    if (kind == SM_REFUSAL_ROLE || kind == SM_REFUSAL_PASSWORD)
        set_refused(service, reply, kind, message, error);
    else
        sm_reply_set_error(error, service, reply, message);
    return FALSE;
}

/* A call with the token shared, which is renewed once if the service does not take it. */
static gboolean
token_call(SmService *service, SmToken *shared, const char *path, SmReply *reply, GError **error)
{
    char *token = sm_token_get(shared, service, NULL, error);
    gboolean ok = token != NULL && post_with(service, path, token, reply, error);

    if (ok && is_rejection(reply)) {
        char *renewed = sm_token_get(shared, service, token, error);

        sm_login_forget(token);
        token = renewed;
        ok = token != NULL && post_with(service, path, token, reply, error);
    }
    ok = ok && judge(service, reply, token, error);
    sm_login_forget(token);
    return ok;
}

/* The URL by user name and password; *crowded: not now, but with a token. */
static char *
url_in_one_step(SmService *service, const char *path, gboolean *crowded, GError **error)
{
    g_autoptr(SmSecret) secret = sm_secret_read(service->account, service->deadline, error);
    const char *account = service->account->name;
    char *url;

    service->crowded = FALSE;
    url = secret != NULL ? sm_login_call(service, path, secret, url_in, error) : NULL;
    *crowded = url == NULL && service->crowded;
    if (*crowded) {
        g_clear_error(error);
        g_message("account %s: too many sessions; on with a token", account);
        sm_account_pause_password(service->ledger, account, NULL);
    }
    return url;
}

char *
sm_service_presigned_url(SmService *service, const char *name, GError **error)
{
    char *escaped = curl_easy_escape(service->handle, name, 0);
    g_autofree char *path = g_strconcat("/file?filename=", escaped, NULL);
    g_auto(SmReply) reply = {.of_file = TRUE};
    SmToken *token = service->shared->token != NULL ? service->shared->token : service->token;

    curl_free(escaped);
    service->retry_after = 0;
    if (token == NULL && !sm_account_wants_token(service->ledger, service->account->name)) {
        GError *fault = NULL;
        gboolean crowded;
        char *url = url_in_one_step(service, path, &crowded, &fault);

        if (!crowded) {
            sm_error_pass(error, fault);
            return url;
        }
    }
    if (token == NULL)
        token = service->token = sm_token_new();
    return token_call(service, token, path, &reply, error) ? url_in(service, &reply, error) : NULL;
}

static SmListing *
list_once(SmService *service, const char *path, GError **error)
{
    g_auto(SmReply) reply = {.listing = TRUE};

    if (!token_call(service, service->shared->token, path, &reply, error))
        return NULL;
    return sm_listing_parse(reply.text, reply.length, error);
}

SmListing *
sm_service_list(SmService *service, gint64 since, GError **error)
{
    g_autofree char *from = since != 0 ? sm_since_for_service(since) : NULL;
    g_autofree char *path =
        g_strconcat("/files/list", from != NULL ? "?fromDate=" : "", from, NULL);
    gint64 end = g_get_monotonic_time() + (gint64)service->account->give_up_after * G_USEC_PER_SEC;
    g_autoptr(SmWaiting) waiting G_GNUC_UNUSED =
        sm_waiting_start(service->account->service_url, end);
    g_autoptr(GError) before = NULL;
    GError *fault = NULL;
    SmListing *listing;

    if (service->deadline == 0)
        service->deadline = end;
    for (guint failed = 1; (listing = list_once(service, path, &fault)) == NULL; failed++) {
        gint64 next = g_get_monotonic_time() +
                      (gint64)sm_pause_ms(failed, g_random_double(), service->retry_after) * 1000;

        fault = sm_error_of_tries(g_steal_pointer(&before), fault, service->deadline);
        if (sm_error_facts(fault)->retry != SM_RETRY_NOW || next > end ||
            !sm_pace_sleep(service->shared->pace, next)) {
            g_propagate_prefixed_error(error, fault,
                                       "account %s: listing: ", service->account->name);
            return NULL;
        }
        g_info("account %s: listing: %s; retrying", service->account->name, fault->message);
        before = g_steal_pointer(&fault);
    }
    return listing;
}
