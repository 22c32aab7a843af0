#include "check-account.h"

#include <unistd.h>

#include "check-places.h"
#include "common/startup.h"
#include "recipients.h"
#include "secret.h"

void
sm_check_account(SmCheck *check, const SmAccount *account)
{
    if (account->fault != NULL)
        sm_check_say_fault(check, SM_CHECK_FAILURE, "account", account,
                           g_error_copy(account->fault));
    else if (!account->enabled)
        sm_check_say(check, SM_CHECK_OK, "account", account, "not in use (enabled = no)");
    else
        sm_check_say(check, SM_CHECK_OK, "account", account, "user name %s, format %s, delivery %s",
                     account->username, sm_format_name(account->format),
                     account->queued ? "queued" : "inline");
}

void
sm_check_password(SmCheck *check, const SmAccount *account)
{
    g_autofree char *source = sm_secret_source(account);
    GError *fault = NULL;
    g_autoptr(SmSecret) secret = NULL;

    if (account->password_credential != NULL && g_getenv("CREDENTIALS_DIRECTORY") == NULL) {
        sm_check_say(check, SM_CHECK_WARNING, "password", account,
                     "%s comes from systemd, and not to a prompt: look with systemd-run --pipe "
                     "--wait -p LoadCredential=%s:FILE scorefetch check",
                     source, account->password_credential);
        return;
    }
    secret = sm_secret_read(account, 0, &fault);
    if (secret == NULL)
        sm_check_say_fault(check, SM_CHECK_FAILURE, "password", account, fault);
    else if (account->password_file == NULL ||
             !sm_check_folder(check, "password", account, account->password_file))
        sm_check_say(check, SM_CHECK_OK, "password", account, "%s %s (not shown)", source,
                     account->password_command != NULL ? "was run and gives one"
                                                       : "can be read, and nobody else may");
}

void
sm_check_senders(SmCheck *check, const SmAccount *account)
{
    const char *const *senders = sm_check_value(check->config, account, "senders");

    if (senders != NULL && *senders != NULL)
        sm_check_say(check, SM_CHECK_OK, "senders", account, "restricted to %s%s", *senders,
                     senders[1] != NULL ? " and others" : "");
    else
        sm_check_say(check, SM_CHECK_WARNING, "senders", account,
                     "anybody's mail may announce a file: set senders to the addresses or domains "
                     "that notifications come from");
}

/* gpg would make the folder that it does not find. */
static gboolean
has_keyring(const SmAccount *account)
{
    g_autofree char *home = sm_startup_home();
    g_autofree char *folder = home != NULL ? g_build_filename(home, ".gnupg", NULL) : NULL;

    return account->gnupg_home != NULL ||
           (folder != NULL && g_file_test(folder, G_FILE_TEST_IS_DIR));
}

void
sm_check_keys(SmCheck *check, const SmAccount *account)
{
    g_autoptr(SmRecipients) recipients = NULL;
    GError *fault = NULL;

    if (!sm_account_encrypts(account))
        return;
    if (!has_keyring(account))
        sm_check_say(check, SM_CHECK_FAILURE, "keys", account,
                     "encrypt-to: uid %u has no keyring ~/.gnupg: gpg --import FILE, as that user",
                     (guint)geteuid());
    else if ((recipients = sm_recipients_find(account, &fault)) == NULL)
        sm_check_say_fault(check, SM_CHECK_FAILURE, "keys", account, fault);
    else
        sm_check_say(check, SM_CHECK_OK, "keys", account, "files can be encrypted to %s%s",
                     account->encrypt_to[0], account->encrypt_to[1] != NULL ? " and others" : "");
}
