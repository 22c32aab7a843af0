#include "fetch/check/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/startup.h"
#include "fetch/check/places.h"
#include "fetch/crypto/recipients.h"
#include "fetch/http/authorities.h"
#include "fetch/notes/accounts.h"
#include "fetch/service/gate.h"
#include "fetch/service/secret.h"

/* A log file that cannot be written to stops all else. */
static void
check_log_file(SmCheck *check, const char *file)
{
    g_autofree char *folder = g_path_get_dirname(file);
    const char *place = access(file, F_OK) == 0 ? file : folder;

    if (faccessat(AT_FDCWD, place, W_OK, AT_EACCESS) < 0)
        sm_check_say(check, SM_CHECK_FAILURE, "log", NULL,
                     "%s is not writable (%s: %s); nothing is fetched until it is; make it "
                     "writable, or change log",
                     file, place, g_strerror(errno));
    else
        sm_check_say(check, SM_CHECK_OK, "log", NULL, "%s", file);
}

static void
check_log(SmCheck *check)
{
    if (check->config->log == SM_LOG_FILE)
        check_log_file(check, check->config->log_file);
    else if (check->config->log == SM_LOG_SYSLOG && access("/dev/log", F_OK) < 0)
        sm_check_say(check, SM_CHECK_WARNING, "log", NULL,
                     "no syslog service listens here, so the log is lost; start one, or set log to "
                     "a file");
    else
        sm_check_say(check, SM_CHECK_OK, "log", NULL, "%s",
                     check->config->log == SM_LOG_SYSLOG ? "syslog, facility mail"
                                                         : "standard error");
}

void
sm_check_configuration(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    g_autofree char *described = NULL;
    struct stat about;

    if (stat(config->file, &about) == 0)
        described = sm_check_describe(&about);
    sm_check_say(check, SM_CHECK_OK, "configuration", NULL, "%s (%s), accounts: %u", config->file,
                 described != NULL ? described : "?", config->accounts->len);
    for (guint i = 0; i < config->broken->len; i++)
        sm_check_say_fault(check, "configuration", NULL, g_error_copy(config->broken->pdata[i]));
    sm_check_folder(check, "configuration", NULL, config->file);
    check_log(check);
}

void
sm_check_account(SmCheck *check, const SmAccount *account)
{
    if (account->fault != NULL)
        sm_check_say_fault(check, "account", account, g_error_copy(account->fault));
    else if (!account->enabled)
        sm_check_say(check, SM_CHECK_OK, "account", account, "disabled (enabled = no)");
    else
        sm_check_say(check, SM_CHECK_OK, "account", account, "user name %s, format %s, delivery %s",
                     account->username, sm_format_name(account->format),
                     account->queued ? "queued" : "inline");
}

/* What the ledger holds of this password; NULL for nothing. */
static SmAccountRecord *
recall(const SmCheck *check, const SmAccount *account, const SmSecret *secret)
{
    g_autofree char *key =
        check->seen != NULL ? sm_account_fingerprint_key(check->seen, NULL) : NULL;
    g_autofree char *fingerprint =
        key != NULL ? sm_secret_fingerprint(secret, account->username, key) : NULL;

    return key != NULL ? sm_account_peek(check->seen, account->name, fingerprint, NULL) : NULL;
}

/* Whether it is known to be rejected, or to grow old. */
static gboolean
is_flawed(SmCheck *check, const SmAccount *account, const SmSecret *secret)
{
    g_autofree SmAccountRecord *record = recall(check, account, secret);
    g_autofree char *age =
        record != NULL ? sm_secret_age_warning(account, record->secret_since, sm_ledger_now())
                       : NULL;
    GError *fault = NULL;

    if (record != NULL && record->standing == SM_ACCOUNT_CLOSED) {
        g_autofree char *advice = sm_gate_advice(account, record->reason);

        sm_gate_set_rejected(&fault, account, record->reason, record->rejected_at);
        sm_check_say(check, SM_CHECK_FAILURE, "password", account, "%s; %s", fault->message,
                     advice);
        g_clear_error(&fault);
        return TRUE;
    }
    if (age != NULL)
        sm_check_say(check, SM_CHECK_WARNING, "password", account, "%s", age);
    return age != NULL;
}

static void
judge(SmCheck *check, const SmAccount *account, const SmSecret *secret)
{
    g_autofree char *source = sm_secret_source(account);
    gboolean is_file = account->password_file != NULL;
    gboolean flawed = is_flawed(check, account, secret);

    if (is_file && sm_check_folder(check, "password", account, account->password_file))
        flawed = TRUE;
    if (!flawed)
        sm_check_say(check, SM_CHECK_OK, "password", account, "%s %s (not shown)", source,
                     is_file ? "can be read" : "gives one");
}

void
sm_check_password(SmCheck *check, const SmAccount *account)
{
    g_autoptr(SmSecret) secret = NULL;
    GError *fault = NULL;

    if (account->password_credential != NULL && g_getenv("CREDENTIALS_DIRECTORY") == NULL) {
        g_autofree char *call = sm_secret_credential_call(account->password_credential);

        sm_check_say(check, SM_CHECK_WARNING, "password", account,
                     "systemd passes password-credential %s to services only; to check it, run, as "
                     "root, %s check",
                     account->password_credential, call);
        return;
    }
    secret = sm_secret_read(account, 0, &fault);
    if (secret != NULL)
        judge(check, account, secret);
    else
        sm_check_say_fault(check, "password", account, fault);
}

void
sm_check_authorities(SmCheck *check, const SmAccount *account)
{
    GError *fault = NULL;

    if (!sm_authorities_check(account, &fault))
        sm_check_say_fault(check, "ca-file", account, fault);
    else if (account->ca_file != NULL &&
             !sm_check_writers(check, "ca-file", account, account->ca_file, (gid_t)-1) &&
             !sm_check_folder(check, "ca-file", account, account->ca_file))
        sm_check_say(check, SM_CHECK_OK, "ca-file", account, "%s is trusted besides the system's",
                     account->ca_file);
}

void
sm_check_senders(SmCheck *check, const SmAccount *account)
{
    char **senders = account->senders;

    if (senders[0] == NULL)
        sm_check_say(check, SM_CHECK_WARNING, "senders", account,
                     "anyone's mail may announce a file; set senders to the addresses or domains "
                     "that send notifications");
    else
        sm_check_say(check, SM_CHECK_OK, "senders", account, "restricted to %s%s, %s", senders[0],
                     senders[1] != NULL ? " and others" : "",
                     account->authserv_id != NULL
                         ? "verified by authserv-id"
                         : "by From, which is easily forged without authserv-id");
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
        sm_check_say(
            check, SM_CHECK_FAILURE, "keys", account,
            "encrypt-to: uid %u has no keyring ~/.gnupg; run gpg --import FILE as that user",
            (guint)geteuid());
    else if ((recipients = sm_recipients_find(account, &fault)) == NULL)
        sm_check_say_fault(check, "keys", account, fault);
    else
        sm_check_say(check, SM_CHECK_OK, "keys", account, "can encrypt files to %s%s",
                     account->encrypt_to[0], account->encrypt_to[1] != NULL ? " and others" : "");
}
