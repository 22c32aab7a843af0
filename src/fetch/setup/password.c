#include "fetch/setup/password.h"

#include <string.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/host/memory.h"
#include "fetch/host/terminal.h"
#include "fetch/service/login.h"

static SmSecret *
ask(const char *prompt, gboolean *typed, GError **error)
{
    char *line = sm_secret_alloc(SM_SECRET_BUFFER);
    SmSecret *secret = NULL;
    const char *fault;
    gsize length;

    *typed = sm_terminal_ask(prompt, line, SM_SECRET_BUFFER, &length, error);
    if (*typed) {
        secret = sm_secret_new(line, length, &fault);
        if (secret == NULL)
            sm_error_set(error, SM_ERROR_DATA, "the password %s; nothing changed", fault);
    }
    sm_secret_release(line, SM_SECRET_BUFFER);
    return secret;
}

SmSecret *
sm_password_ask(const SmAccount *account, gboolean *typed, GError **error)
{
    g_autofree char *prompt =
        g_strdup_printf("New password of %s, for account %s: ", account->username, account->name);
    g_autoptr(SmSecret) secret = ask(prompt, typed, error);
    g_autoptr(SmSecret) again = secret != NULL ? ask("The same again: ", typed, error) : NULL;

    if (again == NULL)
        return NULL;
    if (strcmp(sm_secret_text(secret), sm_secret_text(again)) == 0)
        return g_steal_pointer(&secret);
    return sm_error_null(error, SM_ERROR_DATA, "the passwords differ; nothing changed");
}

SmSecret *
sm_password_read_stdin(GError **error)
{
    char *line = sm_secret_alloc(SM_SECRET_BUFFER);
    SmSecret *secret;
    const char *fault;
    gsize length = 0;

    while (length < SM_SECRET_BUFFER && memchr(line, '\n', length) == NULL) {
        ssize_t got = read(STDIN_FILENO, line + length, SM_SECRET_BUFFER - length);

        if (got <= 0)
            break;
        length += (gsize)got;
    }
    secret = sm_secret_new(line, length, &fault);
    if (secret == NULL)
        sm_error_set(error, SM_ERROR_DATA, "the password on standard input %s; nothing changed",
                     fault);
    sm_secret_release(line, SM_SECRET_BUFFER);
    return secret;
}

gboolean
sm_password_try(const SmAccount *account, const SmSecret *secret, gboolean force, GError **error)
{
    g_autoptr(SmService) service = sm_service_new(account, NULL, NULL);
    g_autoptr(GError) fault = NULL;
    gboolean rejected;

    if (sm_login_try(service, secret, &fault)) {
        g_message("the service accepts the password of %s", account->username);
        return TRUE;
    }
    rejected = g_error_matches(fault, SM_ERROR, SM_ERROR_CREDENTIALS);
    if (force && !rejected) {
        g_warning("written without a test at the service: %s", fault->message);
        return TRUE;
    }
    g_propagate_prefixed_error(
        error, g_steal_pointer(&fault), "%s",
        rejected ? "nothing changed: "
                 : "the password cannot be tested, so nothing changed (--force writes it): ");
    return FALSE;
}
