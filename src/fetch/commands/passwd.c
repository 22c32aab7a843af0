/*
 * scorefetch passwd: asks for an account's new password, tries it at the
 * service, and only then writes it to the password-file. The ledger is not
 * asked: root can do it for the user who owns that, and another password opens
 * a closed account by itself.
 */
#include <pwd.h>
#include <sysexits.h>

#include "common/base/error.h"
#include "fetch/commands/commands.h"
#include "fetch/service/gate.h"
#include "fetch/service/secret-file.h"
#include "fetch/setup/password.h"

typedef struct {
    gboolean force;
} Options;

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
    gboolean typed;
    const struct passwd *user;
    uid_t owner;

    if (account == NULL)
        return EX_OK;
    if (account->password_file == NULL) {
        g_autofree char *source = sm_secret_source(account);

        sm_error_set(error, SM_ERROR_USAGE,
                     "account %s gets its password from %s; change it there, passwd writes only a "
                     "password-file",
                     account->name, source);
        return EX_OK;
    }
    secret = sm_password_ask(account, &typed, error);
    if (secret == NULL || !sm_password_try(account, secret, options->force, error) ||
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
