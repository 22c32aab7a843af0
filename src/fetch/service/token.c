#include "fetch/service/token.h"

#include <string.h>

#include "fetch/host/memory.h"
#include "fetch/service/login.h"

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
    token->text = sm_login(service, secret, error);
    return token->text != NULL;
}

char *
sm_token_get(SmToken *token, SmService *service, const char *rejected, GError **error)
{
    char *copy = NULL;
    gboolean usable;

    g_mutex_lock(&token->lock);
    usable = token->text != NULL && (rejected == NULL || strcmp(token->text, rejected) != 0);
    if (usable || renew(token, service, error))
        copy = sm_secret_copy(token->text, SM_TOKEN_MAX);
    g_mutex_unlock(&token->lock);
    return copy;
}
