#include "fetch/service/call.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/host/memory.h"
#include "fetch/http/engine.h"
#include "fetch/http/http.h"
#include "fetch/http/pace.h"
#include "fetch/rules/elements.h"
#include "fetch/service/login.h"

enum {
    SECRET_MAX = 64 * 1024,         /* bytes */
    LISTING_MAX = 32 * 1024 * 1024, /* bytes */
    LISTING_FIRST = 64 * 1024,
    MESSAGE_MAX = 200,
};

SmService *
sm_service_new(const SmAccount *account, SmLedger *ledger, const SmShared *shared)
{
    static const SmShared nothing = {0};
    SmService *service = g_new0(SmService, 1);

    service->account = account;
    service->ledger = ledger;
    service->shared = shared != NULL ? shared : &nothing;
    service->handle = curl_easy_init();
    return service;
}

void
sm_service_free(SmService *service)
{
    if (service == NULL)
        return;
    curl_easy_cleanup(service->handle);
    sm_token_free(service->token);
    g_free(service);
}

void
sm_reply_clear(SmReply *reply)
{
    if (reply->listing)
        g_free(reply->text);
    else
        sm_secret_release(reply->text, SECRET_MAX);
    *reply = (SmReply){.listing = reply->listing, .of_file = reply->of_file};
}

static size_t
collect(char *data, size_t size, size_t count, void *user_data)
{
    SmReply *reply = user_data;
    gsize length = size * count;

    if (length > (reply->listing ? LISTING_MAX : SECRET_MAX) - reply->length) {
        reply->too_large = TRUE;
        return 0;
    }
    if (reply->length + length > reply->room) { /* a listing: the others have all their room */
        reply->room = MAX(MIN(reply->room * 2, LISTING_MAX), reply->length + length);
        reply->text = g_realloc(reply->text, reply->room);
    }
    memcpy(reply->text + reply->length, data, length);
    reply->length += length;
    return length;
}

/* Milliseconds that a call may take: a part of the patience, so that a second one can follow; a
 * listing is long. 0 and error when the run is over. */
static glong
time_for_call(const SmService *service, gboolean listing, GError **error)
{
    glong patience = MAX((glong)service->account->give_up_after * 1000 / (listing ? 1 : 3), 1000);
    gint64 left = (service->deadline - g_get_monotonic_time() + 999) / 1000; /* not before it */

    if (service->deadline == 0)
        return patience;
    if (left > 0)
        return (glong)MIN(left, patience);
    sm_error_set(error, SM_ERROR_LIMIT,
                 "no time left within run-limit (account %s); the next try fetches it",
                 service->account->name);
    return 0;
}

/* As far as the deadline and the account's patience reach. */
static gboolean
wait_for_turn(SmService *service, GError **error)
{
    gint64 latest =
        g_get_monotonic_time() + (gint64)service->account->give_up_after * G_USEC_PER_SEC;

    if (service->deadline != 0)
        latest = MIN(latest, service->deadline);
    if (sm_pace_wait(service->shared->pace, latest, error))
        return TRUE;
    service->retry_after = sm_pace_left(service->shared->pace); /* as if it had repeated that */
    return FALSE;
}

static CURLcode
perform(SmService *service)
{
    SmHttpEngine *engine = service->shared->engine;

    return engine != NULL ? sm_http_engine_perform(engine, service->handle, 0)
                          : curl_easy_perform(service->handle);
}

static gboolean
judge_transfer(const SmService *service, const SmReply *reply, CURLcode result, const char *detail,
               GError **error)
{
    const char *url = service->account->service_url;

    if (reply->too_large)
        sm_error_set(error, SM_ERROR_SERVICE, "%s: the answer exceeds %d KiB; refused", url,
                     (reply->listing ? LISTING_MAX : SECRET_MAX) / 1024);
    else if (result == CURLE_ABORTED_BY_CALLBACK)
        sm_pace_set_stopped(error);
    else if (result != CURLE_OK)
        sm_http_set_error(error, SM_ERROR_SERVICE, service->handle, url, result, detail);
    return result == CURLE_OK;
}

gboolean
sm_service_post(SmService *service, const char *path, const char *body, SmReply *reply,
                GError **error)
{
    g_autofree char *url = g_strconcat(service->account->service_url, path, NULL);
    g_autoptr(SmHeaderList) headers = curl_slist_append(NULL, "Content-Type: application/json");
    guint stall = MAX(service->account->give_up_after / 3, 1);
    char detail[CURL_ERROR_SIZE] = "";
    CURL *handle = service->handle;
    glong limit;
    CURLcode result;

    service->retry_after = 0;
    headers = curl_slist_append(headers, "Accept: application/json");
    headers = curl_slist_append(headers, "Accept-Encoding:"); /* nothing is asked for */
    if (!wait_for_turn(service, error))
        return FALSE;
    reply->room = reply->listing ? LISTING_FIRST : SECRET_MAX;
    reply->text = reply->listing ? g_malloc(reply->room) : sm_secret_alloc(reply->room);
    if ((limit = time_for_call(service, reply->listing, error)) == 0 ||
        !sm_http_prepare(handle, service->account, stall, detail, error))
        return FALSE;
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, limit);
    if (!service->raw) /* some caches compress unasked */
        curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, reply);
    result = perform(service);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply->status);
    service->retry_after = result == CURLE_OK ? sm_http_retry_after(handle) : 0;
    /* The body is the caller's to wipe; the handle must not point to it any longer. */
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, NULL);
    if (result == CURLE_BAD_CONTENT_ENCODING && !service->raw) {
        service->raw = TRUE; /* a Content-Encoding that the bytes do not have */
        sm_reply_clear(reply);
        return sm_service_post(service, path, body, reply, error);
    }
    if (result == CURLE_OK)
        sm_pace_answer(service->shared->pace, reply->status, service->retry_after);
    return judge_transfer(service, reply, result, detail, error);
}

/* A URL among the words may be a presigned one. Caller frees. */
static char *
without_queries(const char *text)
{
    g_autoptr(GRegex) query = g_regex_new("([?#;&]|%3f)\\S*(=|%3d)\\S*", G_REGEX_CASELESS, 0, NULL);

    return g_regex_replace_literal(query, text, -1, 0, "...", 0, NULL);
}

char *
sm_reply_message(const SmReply *reply, const char *secret)
{
    g_autoptr(cJSON) json = sm_elements_parse(reply->text, reply->length, "message");
    const char *message = cJSON_GetStringValue(json);
    g_autofree char *clean = NULL;

    if (message == NULL || strstr(message, secret) != NULL)
        return g_strdup(SM_REPLY_SAYS_NOTHING);
    clean = sm_text_clean(message, MESSAGE_MAX);
    return without_queries(clean);
}

const char *
sm_reply_form(const SmReply *reply)
{
    const char *value;
    gsize size;

    return sm_elements_value(reply->text, reply->length, "", &value, &size) ? ""
                                                                            : " (it is not JSON)";
}

gboolean
sm_reply_has(const SmReply *reply, const char *one, const char *other)
{
    return memmem(reply->text, reply->length, one, strlen(one)) != NULL ||
           memmem(reply->text, reply->length, other, strlen(other)) != NULL;
}

SmRefusalKind
sm_reply_refusal(const SmReply *reply, const char *secret)
{
    g_autoptr(cJSON) json = sm_elements_parse(reply->text, reply->length, "message");
    const char *message = cJSON_GetStringValue(json);

    if (message == NULL && sm_reply_has(reply, "max sessions", "Max sessions"))
        return SM_REFUSAL_SESSIONS; /* as plain text, or in another member */
    if (message != NULL && strstr(message, secret) != NULL)
        message = "password"; /* what repeats it is about it */
    return sm_refusal_kind(reply->status, message);
}

void
sm_reply_set_error(GError **error, const SmService *service, const SmReply *reply,
                   const char *message)
{
    if (reply->status == 404 && reply->of_file)
        sm_error_set(error, SM_ERROR_NOT_FOUND, "the service has no file of that name (404: %s)",
                     message);
    else if (reply->status == 401 || reply->status == 403)
        sm_error_set(error, SM_ERROR_WAY,
                     "%s: %ld, which does not come from the service's check of user name and"
                     " password: %s",
                     service->account->service_url, reply->status, message);
    else
        sm_error_set(error, SM_ERROR_SERVICE, "%s: the service answers %ld%s%s",
                     service->account->service_url, reply->status,
                     reply->status / 100 == 3
                         ? ", a redirect (not followed; is service-url right?): "
                         : ": ",
                     message);
}

void
sm_reply_forget(cJSON *json, char *secret)
{
    if (secret != NULL)
        OPENSSL_cleanse(secret, strlen(secret));
    cJSON_Delete(json);
}

char *
sm_service_body(GError **error, const char *key, ...)
{
    g_autoptr(cJSON) json = cJSON_CreateObject();
    char *body = sm_secret_alloc(SM_SERVICE_BODY_MAX);
    va_list values;

    va_start(values, key);
    for (; key != NULL; key = va_arg(values, const char *))
        cJSON_AddItemToObject(json, key, cJSON_CreateStringReference(va_arg(values, const char *)));
    va_end(values);
    if (cJSON_PrintPreallocated(json, body, SM_SERVICE_BODY_MAX - 1, FALSE))
        return body;
    sm_secret_release(body, SM_SERVICE_BODY_MAX);
    return sm_error_null(error, SM_ERROR_INTERNAL, "the call is longer than %d KiB",
                         SM_SERVICE_BODY_MAX / 1024);
}
