/*
 * scorefetch passwd: asks for an account's new password, tries it at the
 * service, and only then writes it to the password-file. The ledger is not
 * asked: root can do it for the user who owns that, and another password opens
 * a closed account by itself.
 */
#include <pwd.h>
#include <string.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/commands/session.h"
#include "fetch/host/memory.h"
#include "fetch/host/terminal.h"
#include "fetch/service/login.h"
#include "fetch/service/secret-file.h"
#include "fetch/service/secret.h"

static SmSecret *
ask(const char *prompt, GError **error)
{
    char *line = sm_secret_alloc(SM_SECRET_BUFFER);
    SmSecret *secret = NULL;
    const char *fault;
    gsize length;

    if (line == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "no memory for the password");
    } else if (sm_terminal_ask(prompt, line, SM_SECRET_BUFFER, &length, error)) {
        secret = sm_secret_new(line, length, &fault);
        if (secret == NULL)
            g_set_error(error, SM_ERROR, SM_ERROR_DATA, "that %s: nothing is changed", fault);
    }
    sm_secret_release(line, SM_SECRET_BUFFER);
    return secret;
}

static SmSecret *
ask_twice(const SmAccount *account, GError **error)
{
    g_autofree char *prompt =
        g_strdup_printf("New password of %s, for account %s: ", account->username, account->name);
    g_autoptr(SmSecret) secret = ask(prompt, error);
    g_autoptr(SmSecret) again = secret != NULL ? ask("The same again: ", error) : NULL;

    if (again == NULL)
        return NULL;
    if (strcmp(sm_secret_text(secret), sm_secret_text(again)) == 0)
        return g_steal_pointer(&secret);
    g_set_error(error, SM_ERROR, SM_ERROR_DATA,
                "these were two different passwords: nothing is changed");
    return NULL;
}

/* Whether the password may be written. */
static gboolean
is_good(const SmAccount *account, const SmSecret *secret, gboolean force, GError **error)
{
    g_autoptr(SmService) service = sm_service_new(account, NULL, NULL);
    GError *fault = NULL;

    if (sm_login_try(service, secret, &fault))
        return TRUE;
    if (g_error_matches(fault, SM_ERROR, SM_ERROR_CREDENTIALS)) {
        g_propagate_prefixed_error(error, fault, "nothing is changed: ");
        return FALSE;
    }
    if (force) {
        g_warning("not tried at the service, and written nevertheless: %s", fault->message);
        g_error_free(fault);
        return TRUE;
    }
    g_propagate_prefixed_error(
        error, fault, "the password cannot be tried, so nothing is changed (--force writes it): ");
    return FALSE;
}

static gboolean
change(SmSession *session, gboolean force, GError **error)
{
    const SmAccount *account = sm_session_account_for(session, "", error);
    g_autoptr(SmSecret) secret = NULL;
    const struct passwd *user;
    uid_t owner;

    if (account == NULL)
        return FALSE;
    if (account->password_file == NULL) {
        g_autofree char *source = sm_secret_source(account);

        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "account %s has its password from %s: change it there; passwd writes to a"
                    " password-file only",
                    account->name, source);
        return FALSE;
    }
    secret = ask_twice(account, error);
    if (secret == NULL || !is_good(account, secret, force, error) ||
        !sm_secret_write(account->password_file, secret, &owner, error))
        return FALSE;
    user = getpwuid(owner);
    g_message("account %s: the password is in %s, which belongs to %s", account->name,
              account->password_file, user != NULL ? user->pw_name : "a user without a name");
    return TRUE;
}

int
sm_cmd_passwd(int argc, char **argv)
{
    gboolean force = FALSE;
    const GOptionEntry options[] = {{"force", 'f', 0, G_OPTION_ARG_NONE, &force,
                                     "Write it although the service cannot be asked", NULL},
                                    {NULL}};
    GError *fault = NULL;
    SmSession session;
    int code;

    sm_session_start(&session, "scorefetch", "passwd", SM_ROLE_PROMPT);
    if (sm_session_parse(&session, &argc, &argv, options, "",
                         "Asks for an account's new password, tries it at the service and writes it"
                         " to the password-file.",
                         &fault)) {
        if (argc > 1)
            g_set_error(&fault, SM_ERROR, SM_ERROR_USAGE,
                        "passwd takes no names, and no password: it asks for that");
        else if (sm_session_configure(&session, &fault))
            change(&session, force, &fault);
    }
    code = sm_session_exit(&session, fault);
    sm_session_end(&session);
    return code;
}
