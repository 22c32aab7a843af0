#include "fetch/service/login.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/host/memory.h"
#include "fetch/service/gate.h"

static gboolean
is_rejection(const SmReply *reply)
{
    return reply->status == 401 || reply->status == 403;
}

/* A name that is unknown is no fault of the password's. */
static SmVerdict
verdict_of(const SmReply *reply)
{
    if (is_rejection(reply))
        return SM_VERDICT_REJECTED;
    return reply->status == 200 || (reply->status == 404 && reply->of_file) ? SM_VERDICT_ACCEPTED
                                                                            : SM_VERDICT_NONE;
}

static char *
judge(SmService *service, const SmReply *reply, SmReplyReader read, const char *message,
      GError **error)
{
    if (reply->status == 200)
        return read(service, reply, error);
    if (is_rejection(reply))
        sm_gate_set_rejected(error, service->account, message, sm_ledger_now());
    else
        sm_reply_set_error(error, service, reply, message);
    return NULL;
}

/* What the service made of a password, and its words, for the gate's record. */
typedef struct {
    SmVerdict verdict;
    char *message;
} Judgement;

/* Under the gate. */
static char *
call(SmService *service, const char *path, const SmSecret *secret, SmReplyReader read,
     Judgement *judgement, GError **error)
{
    g_auto(SmReply) reply = {.of_file = g_str_has_prefix(path, "/file?")};
    char *result = NULL;
    char *body = sm_service_body("username", service->account->username, "password",
                                 sm_secret_text(secret), NULL);

    if (body == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "no memory for the call");
        return NULL;
    }
    if (sm_service_post(service, path, body, &reply, error)) {
        judgement->verdict = verdict_of(&reply);
        /* of a 200 nothing is said: its body is parsed once, where it is wiped */
        judgement->message =
            reply.status == 200 ? g_strdup("") : sm_reply_message(&reply, sm_secret_text(secret));
        result = judge(service, &reply, read, judgement->message, error);
    }
    sm_secret_release(body, SM_SERVICE_BODY_MAX);
    return result;
}

char *
sm_login_call(SmService *service, const char *path, const SmSecret *secret, SmReplyReader read,
              GError **error)
{
    Judgement judgement = {SM_VERDICT_NONE, NULL};
    GError *fault = NULL;
    char *result;
    SmGate gate;

    service->retry_after = 0;
    if (!sm_gate_enter(&gate, service->ledger, service->account, secret, error))
        return NULL;
    result = call(service, path, secret, read, &judgement, &fault);
    if (!sm_gate_leave(&gate, judgement.verdict, judgement.message,
                       fault == NULL ? &fault : NULL) &&
        result != NULL) {
        sm_secret_release(result, strlen(result));
        result = NULL;
    }
    g_free(judgement.message);
    if (fault != NULL)
        g_propagate_error(error, fault);
    return result;
}

/* The token out of a 200's body, copied to secret memory. */
static char *
token_in(const SmService *service, const SmReply *reply, GError **error)
{
    cJSON *json = cJSON_ParseWithLength(reply->text, reply->length);
    char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "token"));
    char *token = NULL;

    if (found == NULL || *found == '\0' || strlen(found) >= SM_TOKEN_MAX) {
        g_set_error(error, SM_ERROR, SM_ERROR_SERVICE,
                    "%s: the answer to the login has no token in it that could be used%s",
                    service->account->service_url, json == NULL ? " (it is not JSON)" : "");
    } else {
        token = sm_secret_alloc(SM_TOKEN_MAX);
        if (token != NULL)
            g_strlcpy(token, found, SM_TOKEN_MAX);
        else
            g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "no memory for the token");
    }
    sm_reply_forget(json, found);
    return token;
}

char *
sm_login(SmService *service, const SmSecret *secret, GError **error)
{
    return sm_login_call(service, "/login", secret, token_in, error);
}

void
sm_login_forget(char *token)
{
    sm_secret_release(token, SM_TOKEN_MAX);
}

gboolean
sm_login_try(SmService *service, const SmSecret *secret, GError **error)
{
    Judgement judgement = {SM_VERDICT_NONE, NULL};
    GError *fault = NULL;
    char *token = call(service, "/login", secret, token_in, &judgement, &fault);
    gboolean good = token != NULL;

    sm_login_forget(token);
    if (judgement.verdict == SM_VERDICT_REJECTED) {
        g_clear_error(&fault);
        g_set_error(&fault, SM_ERROR, SM_ERROR_CREDENTIALS,
                    "account %s: the service rejects user name %s with this password (%s)",
                    service->account->name, service->account->username, judgement.message);
    }
    if (fault != NULL)
        g_propagate_error(error, fault);
    g_free(judgement.message);
    return good;
}
