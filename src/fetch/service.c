#include "service.h"

#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "gate.h"
#include "http.h"
#include "presigned.h"
#include "secret.h"

enum {
    ANSWER_MAX = 64 * 1024, /* bytes */
    URL_MAX = 8 * 1024,     /* bytes */
    BODY_MAX = 8 * 1024,    /* bytes: user name and password, each character escaped at worst */
    MESSAGE_MAX = 200,
};

/* An answer holds a presigned URL: it lives in secret memory. */
typedef struct {
    char *text;
    gsize length;
    gboolean too_large;
    long status;
} Answer;

SmService *
sm_service_new(const SmAccount *account, SmLedger *ledger)
{
    SmService *service = g_new0(SmService, 1);

    service->account = account;
    service->ledger = ledger;
    service->handle = curl_easy_init();
    return service;
}

void
sm_service_free(SmService *service)
{
    if (service == NULL)
        return;
    curl_easy_cleanup(service->handle);
    g_free(service);
}

static size_t
collect(char *data, size_t size, size_t count, void *user_data)
{
    Answer *answer = user_data;
    gsize length = size * count;

    if (length > ANSWER_MAX - answer->length) {
        answer->too_large = TRUE;
        return 0;
    }
    memcpy(answer->text + answer->length, data, length);
    answer->length += length;
    return length;
}

/* {"username":U,"password":P} in secret memory, without a copy of the password elsewhere. */
static char *
credentials_body(const SmAccount *account, const SmSecret *secret)
{
    g_autoptr(cJSON) json = cJSON_CreateObject();
    char *body = sm_secret_alloc(BODY_MAX);

    cJSON_AddItemToObject(json, "username", cJSON_CreateStringReference(account->username));
    cJSON_AddItemToObject(json, "password", cJSON_CreateStringReference(sm_secret_text(secret)));
    if (body != NULL && cJSON_PrintPreallocated(json, body, BODY_MAX - 1, FALSE))
        return body;
    sm_secret_release(body, BODY_MAX);
    return NULL;
}

static char *
call_url(const SmService *service, const char *name)
{
    char *escaped = curl_easy_escape(service->handle, name, 0);
    char *url = g_strconcat(service->account->service_url, "/file?filename=", escaped, NULL);

    curl_free(escaped);
    return url;
}

/* Milliseconds that a call may take: a part of the patience, so that a second one can follow. 0 and
 * error when the run is over. */
static glong
time_for_call(const SmService *service, GError **error)
{
    glong patience = MAX((glong)service->account->give_up_after * 1000 / 3, 1000);
    gint64 left = (service->deadline - g_get_monotonic_time()) / 1000;

    if (service->deadline == 0)
        return patience;
    if (left > 0)
        return (glong)MIN(left, patience);
    g_set_error(error, SM_ERROR, SM_ERROR_LIMIT,
                "no time was left for it within run-limit (account %s): the next try asks for it",
                service->account->name);
    return 0;
}

static gboolean
post(SmService *service, const char *url, const char *body, Answer *answer, GError **error)
{
    g_autoptr(SmHeaderList) headers = curl_slist_append(NULL, "Content-Type: application/json");
    char detail[CURL_ERROR_SIZE] = "";
    CURL *handle = service->handle;
    glong limit = time_for_call(service, error);
    CURLcode result;

    headers = curl_slist_append(headers, "Accept: application/json");
    if (limit == 0 || !sm_http_prepare(handle, service->account,
                                       MAX(service->account->give_up_after / 3, 1), detail, error))
        return FALSE;
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, limit);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
    result = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
    service->retry_after = result == CURLE_OK ? sm_http_retry_after(handle) : 0;
    /* The body is the caller's to wipe; the handle must not point to it any longer. */
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, NULL);
    if (answer->too_large)
        g_set_error(error, SM_ERROR, SM_ERROR_SERVICE,
                    "%s: the answer is larger than %d KiB: not read", service->account->service_url,
                    ANSWER_MAX / 1024);
    else if (result != CURLE_OK)
        sm_http_set_error(error, SM_ERROR_SERVICE, service->account->service_url, result, detail);
    return result == CURLE_OK;
}

/* The service's own words, unless they would repeat the password. Caller frees; "" if none. */
static char *
message_of(const Answer *answer, const SmSecret *secret)
{
    g_autoptr(cJSON) json = cJSON_ParseWithLength(answer->text, answer->length);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "message"));

    if (message == NULL || strstr(message, sm_secret_text(secret)) != NULL)
        return g_strdup("no reason given");
    return sm_text_clean(message, MESSAGE_MAX);
}

/* The URL out of a 200's body, copied to secret memory. */
static char *
url_in(const SmService *service, const Answer *answer, GError **error)
{
    cJSON *json = cJSON_ParseWithLength(answer->text, answer->length);
    char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "fileUrl"));
    char *url = NULL;

    if (found == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_SERVICE, "%s: the answer has no fileUrl in it%s",
                    service->account->service_url, json == NULL ? " (it is not JSON)" : "");
    } else if (strlen(found) >= URL_MAX) {
        g_set_error(error, SM_ERROR, SM_ERROR_URL, "the service's URL for it is longer than %d KiB",
                    URL_MAX / 1024);
    } else if (sm_presigned_check(found, (const char *const *)service->account->storage_hosts,
                                  error)) {
        url = sm_secret_alloc(URL_MAX);
        g_strlcpy(url, found, URL_MAX);
    }
    if (found != NULL)
        OPENSSL_cleanse(found, strlen(found));
    cJSON_Delete(json);
    return url;
}

static char *
judge(SmService *service, const Answer *answer, const char *message, GError **error)
{
    switch (answer->status) {
    case 200:
        return url_in(service, answer, error);
    case 404:
        g_set_error(error, SM_ERROR, SM_ERROR_NOT_FOUND,
                    "the service has no file of that name (404: %s)", message);
        return NULL;
    case 401:
    case 403:
        sm_gate_set_rejected(error, service->account, message, sm_ledger_now());
        return NULL;
    default:
        g_set_error(error, SM_ERROR, SM_ERROR_SERVICE, "%s: the service answers %ld%s%s",
                    service->account->service_url, answer->status,
                    answer->status / 100 == 3 ? ", a redirect, which is not followed: " : ": ",
                    message);
        return NULL;
    }
}

static SmVerdict
verdict_of(const Answer *answer)
{
    if (answer->status == 401 || answer->status == 403)
        return SM_VERDICT_REJECTED;
    return answer->status == 200 || answer->status == 404 ? SM_VERDICT_ACCEPTED : SM_VERDICT_NONE;
}

static char *
ask(SmService *service, const char *name, const SmSecret *secret, SmGate *gate, GError **error)
{
    g_autofree char *target = call_url(service, name);
    char *body = credentials_body(service->account, secret);
    Answer answer = {.text = sm_secret_alloc(ANSWER_MAX)};
    g_autofree char *message = NULL;
    char *url = NULL;
    gboolean answered = FALSE;
    GError *fault = NULL;

    if (body == NULL || answer.text == NULL)
        g_set_error(&fault, SM_ERROR, SM_ERROR_INTERNAL, "no memory for the call");
    else
        answered = post(service, target, body, &answer, &fault);
    if (answered) {
        /* of a 200 nothing is said: its body is parsed once, where it is wiped */
        message = answer.status == 200 ? g_strdup("") : message_of(&answer, secret);
        url = judge(service, &answer, message, &fault);
    }
    if (!sm_gate_leave(gate, answered ? verdict_of(&answer) : SM_VERDICT_NONE, message,
                       fault == NULL ? &fault : NULL)) {
        sm_service_forget_url(url);
        url = NULL;
    }
    sm_secret_release(body, BODY_MAX);
    sm_secret_release(answer.text, ANSWER_MAX);
    if (fault != NULL)
        g_propagate_error(error, fault);
    return url;
}

char *
sm_service_presigned_url(SmService *service, const char *name, GError **error)
{
    g_autoptr(SmSecret) secret = sm_secret_read(service->account, service->deadline, error);
    SmGate gate;

    service->retry_after = 0;
    if (secret == NULL || !sm_gate_enter(&gate, service->ledger, service->account, secret, error))
        return NULL;
    return ask(service, name, secret, &gate, error);
}

void
sm_service_forget_url(char *url)
{
    sm_secret_release(url, URL_MAX);
}

/* Whether a 200's body has a token in it, as no page of a captive portal has. */
static gboolean
has_token(const SmService *service, const Answer *answer, GError **error)
{
    cJSON *json = cJSON_ParseWithLength(answer->text, answer->length);
    char *token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "token"));
    gboolean found = token != NULL;

    if (found)
        OPENSSL_cleanse(token, strlen(token));
    else
        g_set_error(error, SM_ERROR, SM_ERROR_SERVICE, "%s: the answer has no token in it",
                    service->account->service_url);
    cJSON_Delete(json);
    return found;
}

static gboolean
judge_login(const SmService *service, const Answer *answer, const SmSecret *secret, GError **error)
{
    g_autofree char *message = NULL;

    if (answer->status == 200)
        return has_token(service, answer, error);
    message = message_of(answer, secret);
    if (verdict_of(answer) == SM_VERDICT_REJECTED)
        g_set_error(error, SM_ERROR, SM_ERROR_CREDENTIALS,
                    "account %s: the service rejects user name %s with this password (%s)",
                    service->account->name, service->account->username, message);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_SERVICE, "%s: the service answers %ld: %s",
                    service->account->service_url, answer->status, message);
    return FALSE;
}

gboolean
sm_service_check_password(SmService *service, const SmSecret *secret, GError **error)
{
    g_autofree char *target = g_strconcat(service->account->service_url, "/login", NULL);
    char *body = credentials_body(service->account, secret);
    Answer answer = {.text = sm_secret_alloc(ANSWER_MAX)};
    gboolean good = FALSE;

    if (body == NULL || answer.text == NULL)
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "no memory for the call");
    else if (post(service, target, body, &answer, error))
        good = judge_login(service, &answer, secret, error);
    sm_secret_release(body, BODY_MAX);
    sm_secret_release(answer.text, ANSWER_MAX);
    return good;
}
