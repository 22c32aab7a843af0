/*
 * scorefetch passwd: asks for an account's new password, tries it at the
 * service, and only then writes it to the password-file. The ledger is not
 * asked: root can do it for the user who owns that, and another password opens
 * a closed account by itself.
 */
#include <pwd.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/host/memory.h"
#include "fetch/host/terminal.h"
#include "fetch/service/gate.h"
#include "fetch/service/login.h"
#include "fetch/service/secret-file.h"
#include "fetch/service/secret.h"

typedef struct {
    gboolean force;
} Options;

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
            g_set_error(error, SM_ERROR, SM_ERROR_DATA, "the password %s; nothing changed", fault);
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
    g_set_error(error, SM_ERROR, SM_ERROR_DATA, "the passwords differ; nothing changed");
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
        g_propagate_prefixed_error(error, fault, "nothing changed: ");
        return FALSE;
    }
    if (force) {
        g_warning("written without a test at the service: %s", fault->message);
        g_error_free(fault);
        return TRUE;
    }
    g_propagate_prefixed_error(
        error, fault, "the password cannot be tested, so nothing changed (--force writes it): ");
    return FALSE;
}

/* The service has just taken the password: if it had closed the account, that is over. Where the
 * ledger is another user's, the next run finds out. */
static void
open_account(SmSession *session, const SmAccount *account, const SmSecret *secret)
{
    g_autoptr(GError) fault = NULL;

    if (!g_file_test(session->config->ledger, G_FILE_TEST_EXISTS))
        return;
    if ((session->ledger == NULL && !sm_session_open_ledger(session, SM_LEDGER_CREATE, &fault)) ||
        !sm_gate_prove(session->ledger, account, secret, &fault))
        g_info("%s", fault->message);
}

static int
change(SmSession *session, gpointer values, char **arguments, GError **error)
{
    const Options *options = values;
    const SmAccount *account = sm_session_account_for(session, "", error);
    g_autoptr(SmSecret) secret = NULL;
    const struct passwd *user;
    uid_t owner;

    if (account == NULL)
        return EX_OK;
    if (account->password_file == NULL) {
        g_autofree char *source = sm_secret_source(account);

        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "account %s gets its password from %s; change it there, passwd writes only a "
                    "password-file",
                    account->name, source);
        return EX_OK;
    }
    secret = ask_twice(account, error);
    if (secret == NULL || !is_good(account, secret, options->force, error) ||
        !sm_secret_write(account->password_file, secret, &owner, error))
        return EX_OK;
    if (!options->force)
        open_account(session, account, secret);
    user = getpwuid(owner);
    g_message("account %s: the password is in %s, owned by %s", account->name,
              account->password_file, user != NULL ? user->pw_name : "a user without a name");
    return EX_OK;
}

static const GOptionEntry options_of_passwd[] = {
    SM_OPTION(Options, force, "force", 'f', NONE, "Write it although the service cannot be reached",
              NULL),
    {NULL}};

const SmCommand sm_command_passwd = {
    .name = "passwd",
    .summary = "Ask for a new password, test it at the service, write it to the password-file",
    .needs = SM_NEEDS_CONFIG,
    .size = sizeof(Options),
    .options = options_of_passwd,
    .run = change,
};
