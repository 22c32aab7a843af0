#include "fetch/service/login.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/host/memory.h"
#include "fetch/rules/elements.h"
#include "fetch/service/gate.h"

enum { TOKEN_MAX = 1024 /* bytes */ };

/* What an answer says about the user. */
typedef struct {
    SmTrial trial;
    SmRefusalKind kind;
    char *message;
} Telling;

/* The token out of a 200's body, copied to secret memory. */
static char *
token_in(const SmService *service, const SmReply *reply, GError **error)
{
    cJSON *json = sm_elements_parse(reply->text, reply->length, "token");
    char *found = cJSON_GetStringValue(json);
    char *token = NULL;

    if (found == NULL || *found == '\0' || strlen(found) >= TOKEN_MAX) {
        sm_error_set(error, SM_ERROR_SERVICE, "%s: the login's answer has no usable token%s",
                     service->account->service_url, sm_reply_form(reply));
    } else {
        token = sm_secret_copy(found, TOKEN_MAX);
    }
    sm_reply_forget(json, found);
    return token;
}

/* An unknown name is not the password's fault. */
static SmTrial
trial_of(const SmReply *reply, SmRefusalKind kind)
{
    if (kind == SM_REFUSAL_PASSWORD || kind == SM_REFUSAL_ROLE)
        return SM_TRIAL_REJECTED;
    return reply->status == 200 || (reply->status == 404 && reply->of_file) ? SM_TRIAL_ACCEPTED
                                                                            : SM_TRIAL_NONE;
}

static char *
judge(SmService *service, const SmReply *reply, SmReplyReader read, const Telling *told,
      GError **error)
{
    if (reply->status == 200 && told->kind == SM_REFUSAL_NONE &&
        (*told->message == '\0' || strcmp(told->message, SM_REPLY_SAYS_NOTHING) == 0))
        return read(service, reply, error);
    if (told->trial == SM_TRIAL_REJECTED)
        sm_gate_set_rejected(error, service->account, told->message, sm_ledger_now());
    else
        sm_reply_set_error(error, service, reply, told->message);
    return NULL;
}

/* Under the gate. told->message: the service's words, for its record. */
static char *
call(SmService *service, const char *path, const SmSecret *secret, SmReplyReader read,
     Telling *told, GError **error)
{
    g_auto(SmReply) reply = {.of_file = g_str_has_prefix(path, "/file?")};
    const char *text = sm_secret_text(secret);
    char *result = NULL;
    char *body =
        sm_service_body(error, "username", service->account->username, "password", text, NULL);

    if (body == NULL)
        return NULL;
    if (sm_service_post(service, path, body, &reply, error)) {
        /* a 200 that has what is asked for is parsed once, where it is wiped */
        gboolean refuses = reply.status != 200 || !sm_reply_has(&reply, "\"fileUrl\"", "\"token\"");

        told->kind = refuses ? sm_reply_refusal(&reply, text) : SM_REFUSAL_NONE;
        told->trial = trial_of(&reply, told->kind);
        g_free(told->message);
        told->message = refuses ? sm_reply_message(&reply, text) : g_strdup("");
        result = judge(service, &reply, read, told, error);
    }
    service->crowded = told->kind == SM_REFUSAL_SESSIONS;
    sm_secret_release(body, SM_SERVICE_BODY_MAX);
    return result;
}

/* Before an account is closed: one login, whose token is dropped. *fault becomes its error. */
static void
confirm(SmService *service, const SmSecret *secret, Telling *told, GError **fault)
{
    Telling second = {SM_TRIAL_NONE, SM_REFUSAL_NONE, NULL};
    GError *other = NULL;

    sm_login_forget(call(service, "/login", secret, token_in, &second, &other));
    if (second.trial == SM_TRIAL_ACCEPTED && told->kind != SM_REFUSAL_ROLE) {
        g_clear_error(fault);
        sm_error_set(fault, SM_ERROR_WAY,
                     "account %s: the service accepts user name and password, but refuses the call"
                     " (%s)",
                     service->account->name, told->message);
        told->trial = SM_TRIAL_NONE;
    } else if (second.trial != SM_TRIAL_ACCEPTED) {
        g_clear_error(fault);
        g_propagate_error(fault, g_steal_pointer(&other));
        told->trial = second.trial;
        g_free(told->message);
        told->message = g_steal_pointer(&second.message);
    }
    g_clear_error(&other);
    g_free(second.message);
}

char *
sm_login_call(SmService *service, const char *path, const SmSecret *secret, SmReplyReader read,
              GError **error)
{
    Telling told = {SM_TRIAL_NONE, SM_REFUSAL_NONE, NULL};
    GError *fault = NULL;
    char *result;
    SmGate gate;

    service->retry_after = 0;
    if (!sm_gate_enter(&gate, service->ledger, service->account, secret, service->eager, error))
        return NULL;
    result = call(service, path, secret, read, &told, &fault);
    if (told.trial == SM_TRIAL_REJECTED && strcmp(path, "/login") != 0)
        confirm(service, secret, &told, &fault);
    if (!sm_gate_leave(&gate, told.trial, told.message, fault == NULL ? &fault : NULL) &&
        result != NULL) {
        sm_secret_release(result, strlen(result));
        result = NULL;
    }
    sm_error_pass(error, fault);
    g_free(told.message);
    return result;
}

static char *
log_in(SmService *service, const SmSecret *secret, GError **error)
{
    return sm_login_call(service, "/login", secret, token_in, error);
}

void
sm_login_forget(char *token)
{
    sm_secret_release(token, TOKEN_MAX);
}

gboolean
sm_login_try(SmService *service, const SmSecret *secret, GError **error)
{
    Telling told = {SM_TRIAL_NONE, SM_REFUSAL_NONE, NULL};
    GError *fault = NULL;
    char *token = call(service, "/login", secret, token_in, &told, &fault);
    gboolean good = token != NULL;

    sm_login_forget(token);
    if (told.trial == SM_TRIAL_REJECTED && told.kind == SM_REFUSAL_PASSWORD) {
        g_clear_error(&fault);
        sm_error_set(&fault, SM_ERROR_CREDENTIALS,
                     "account %s: the service rejects this password for user name %s (%s)",
                     service->account->name, service->account->username, told.message);
    }
    sm_error_pass(error, fault);
    g_free(told.message);
    return good;
}

gboolean
sm_login_check(const SmAccount *account, SmLedger *ledger, GError **error)
{
    g_autoptr(SmService) service = sm_service_new(account, ledger, NULL);
    g_autoptr(SmSecret) secret = sm_secret_read(account, 0, error);
    char *token;
    gboolean good;

    service->eager = TRUE;
    token = secret != NULL ? log_in(service, secret, error) : NULL;
    good = token != NULL;
    sm_login_forget(token);
    return good;
}

struct SmToken {
    GMutex lock;
    char *text; /* NULL: none yet */
};

SmToken *
sm_token_new(void)
{
    SmToken *token = g_new0(SmToken, 1);

    g_mutex_init(&token->lock);
    return token;
}

void
sm_token_free(SmToken *token)
{
    if (token == NULL)
        return;
    sm_login_forget(token->text);
    g_mutex_clear(&token->lock);
    g_free(token);
}

static gboolean
renew(SmToken *token, SmService *service, GError **error)
{
    g_autoptr(SmSecret) secret = sm_secret_read(service->account, service->deadline, error);

    if (secret == NULL)
        return FALSE;
    sm_login_forget(token->text);
    token->text = log_in(service, secret, error);
    return token->text != NULL;
}

char *
sm_token_get(SmToken *token, SmService *service, const char *rejected, GError **error)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&token->lock);
    gboolean usable = token->text != NULL && g_strcmp0(token->text, rejected) != 0;

    return usable || renew(token, service, error) ? sm_secret_copy(token->text, TOKEN_MAX) : NULL;
}
