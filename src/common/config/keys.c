#include "common/config/keys.h"

#include <stddef.h>
#include <string.h>

#include "common/base/words.h"
#include "common/config/config.h"
#include "common/config/lists.h"
#include "common/config/places.h"

#define GENERAL SM_KEY_GENERAL
#define ACCOUNT SM_KEY_ACCOUNT
#define BOTH (SM_KEY_ACCOUNT | SM_KEY_DEFAULT)
#define EXPANDS SM_KEY_EXPANDS
#define PASSWORD (BOTH | EXPANDS | SM_KEY_PASSWORD)

/* `log` sets two members: the target and, where that is a file, its name. */
static gboolean
parse_log(const char *text, const void *terms, void *result, GError **error)
{
    SmConfig *config = result;

    if (strcmp(text, "syslog") == 0) {
        config->log = SM_LOG_SYSLOG;
    } else if (strcmp(text, "stderr") == 0) {
        config->log = SM_LOG_STDERR;
    } else if (sm_value_read(&sm_value_path, text, &config->log_file, NULL)) {
        config->log = SM_LOG_FILE;
    } else {
        return sm_error_set(error, SM_ERROR_CONFIG,
                            "is invalid; allowed: syslog, stderr, or the absolute path of "
                            "a file");
    }
    return TRUE;
}

static const SmValue log_value = {parse_log, NULL};

/* Each form in which Amazon names a bucket or an access point as a host: with and without region,
 * dual-stack, FIPS, accelerated. Never a host that has the bucket in the path: that is anybody's.
 */
#define AMAZON_HOSTS                                                                               \
    "*.s3.amazonaws.com "                                                                          \
    "*.s3.*.amazonaws.com "                                                                        \
    "*.s3-*.amazonaws.com "                                                                        \
    "*.s3.dualstack.*.amazonaws.com "                                                              \
    "*.s3-accelerate.dualstack.amazonaws.com "                                                     \
    "*.s3-fips.*.amazonaws.com "                                                                   \
    "*.s3-fips.dualstack.*.amazonaws.com "                                                         \
    "*.s3-accesspoint.*.amazonaws.com "                                                            \
    "*.s3-accesspoint.dualstack.*.amazonaws.com "                                                  \
    "*.s3-accesspoint-fips.*.amazonaws.com "                                                       \
    "*.s3-accesspoint-fips.dualstack.*.amazonaws.com "                                             \
    "*.mrap.accesspoint.s3-global.amazonaws.com"

#define IN_CONFIG(member) offsetof(SmConfig, member)
#define IN_ACCOUNT(member) offsetof(SmAccount, member)
#define WHOLE_CONFIG 0

/* clang-format off */
static const SmConfigKey keys[] = {
    {"ledger", GENERAL, &sm_value_ledger, IN_CONFIG(ledger), NULL, NULL,
     "the database of announced and stored files: a file, or a PostgreSQL server's"},
    {"ledger-password-file", GENERAL, &sm_value_path, IN_CONFIG(ledger_password_file), NULL, NULL,
     "the file that holds the password of that server"},
    {"ledger-password-command", GENERAL, &sm_value_command, IN_CONFIG(ledger_password_command), NULL,
     NULL, "the command that prints it"},
    {"ledger-password-credential", GENERAL, &sm_value_credential,
     IN_CONFIG(ledger_password_credential), NULL, NULL, "the systemd credential that holds it"},
    {"keep-events", GENERAL, &sm_value_retention, IN_CONFIG(keep_events), "730d", NULL,
     "how long the ledger keeps its records of messages"},
    {"keep-log", GENERAL, &sm_value_retention, IN_CONFIG(keep_log), "1830d", NULL,
     "how long the ledger keeps its log"},
    {"log", GENERAL, &log_value, WHOLE_CONFIG, "syslog", NULL,
     "where the log goes: syslog, stderr or a file"},
    {"log-level", GENERAL, &sm_value_log_level, IN_CONFIG(log_level), "notice", NULL,
     "the least severe lines that are logged"},
    {"alert-mail", GENERAL, &sm_value_recipients, IN_CONFIG(alert_mail), NULL, NULL,
     "the addresses that alerts are sent to"},
    {"alert-from", GENERAL, &sm_value_address, IN_CONFIG(alert_from), NULL, NULL,
     "the address that alerts come from"},
    {"alert-command", GENERAL, &sm_value_command, IN_CONFIG(alert_command), NULL, NULL,
     "the command that is given alerts as JSON"},
    {"alert-every", GENERAL, &sm_value_duration, IN_CONFIG(alert_every), "1h", NULL,
     "how often an alert of one kind is sent"},
    {"commands", GENERAL, &sm_value_commands, IN_CONFIG(commands_deferred), "inline", NULL,
     "who runs sendmail, alert-command and on-stored: inline, the process that needs them, or "
     "deferred, scorefetch tell"},
    {"report-mail", GENERAL, &sm_value_recipients, IN_CONFIG(report_mail), NULL, NULL,
     "the addresses that reports are sent to"},
    {"report-every", GENERAL, &sm_value_duration, IN_CONFIG(report_every), "1w", NULL,
     "how often a report is sent"},
    {"sendmail", GENERAL, &sm_value_command, IN_CONFIG(sendmail), "/usr/sbin/sendmail -i",
     NULL, "the command that sends alerts and reports by mail"},

    {"spool", GENERAL, &sm_value_path, IN_CONFIG(spool), NULL, NULL,
     "the directory of queued events"},
    {"parallel-accounts", GENERAL, &sm_value_parallel, IN_CONFIG(parallel_accounts), "4", NULL,
     "how many accounts run and sync work for at once"},
    {"worker-interval", GENERAL, &sm_value_duration, IN_CONFIG(worker_interval), "5min", NULL,
     "how often a timer starts scorefetch run"},
    {"defer-for", GENERAL, &sm_value_deferral, IN_CONFIG(defer_for), "2h", NULL,
     "how long the mail system keeps a message and retries"},

    {"enabled", BOTH, &sm_value_boolean, IN_ACCOUNT(enabled), "yes", NULL,
     "whether the account is used"},
    {"username", ACCOUNT, &sm_value_text, IN_ACCOUNT(username), NULL,
     "is missing; set it to the account's user name at the service",
     "the user name at the service"},
    {"password-file", PASSWORD, &sm_value_path, IN_ACCOUNT(password_file), NULL, NULL,
     "the file that holds the password"},
    {"password-command", PASSWORD, &sm_value_command, IN_ACCOUNT(password_command), NULL, NULL,
     "the command that prints the password"},
    {"passwordeval", PASSWORD, &sm_value_command, IN_ACCOUNT(password_command), NULL, NULL,
     "another name of password-command"},
    {"password-credential", PASSWORD, &sm_value_credential, IN_ACCOUNT(password_credential), NULL,
     NULL, "the systemd credential that holds the password"},
    {"password-max-age", BOTH, &sm_value_duration_or_off, IN_ACCOUNT(password_max_age), "off", NULL,
     "how old a password may get"},
    {"directory", BOTH | EXPANDS, &sm_value_path, IN_ACCOUNT(directory), NULL,
     "is missing; set it to the absolute path of the directory for score files",
     "where the score files are put"},
    {"format", BOTH, &sm_value_format, IN_ACCOUNT(format), NULL,
     "is missing; the service posts the same data twice; set it to csv (comma-delimited), "
     "txt (fixed width), both, or first (whichever is announced first)",
     "which of the two postings of the same data is fetched"},
    {"extensions", BOTH, &sm_value_extensions, IN_ACCOUNT(extensions), "csv txt", NULL,
     "the extensions of files that are fetched at all"},
    {"file-types", BOTH, &sm_value_file_types, IN_ACCOUNT(file_types), NULL, NULL,
     "the types of files that are fetched out of a listing"},
    {"recipients", ACCOUNT, &sm_value_recipients, IN_ACCOUNT(recipients), NULL, NULL,
     "the addresses whose mail means this account"},
    {"org-id", ACCOUNT, &sm_value_org_ids, IN_ACCOUNT(org_ids), NULL, NULL,
     "the organisations whose files mean this account"},
    {"senders", BOTH, &sm_value_senders, IN_ACCOUNT(senders), NULL, NULL,
     "who may announce files: addresses and domains of From"},
    {"authserv-id", BOTH, &sm_value_authserv_id, IN_ACCOUNT(authserv_id), NULL, NULL,
     "the mail system whose Authentication-Results must vouch for From"},
    {"trusted-hops", BOTH, &sm_value_hops, IN_ACCOUNT(trusted_hops), "0", NULL,
     "how many Received lines may stand above those"},
    {"service-url", BOTH, &sm_value_https_url, IN_ACCOUNT(service_url),
     "https://scoresdownload.collegeboard.org/pascoredwnld", NULL,
     "the web service"},
    {"storage-hosts", BOTH, &sm_value_storage_hosts, IN_ACCOUNT(storage_hosts),
     AMAZON_HOSTS, NULL,
     "the hosts that a score file may be fetched from"},
    {"ca-file", BOTH | EXPANDS, &sm_value_path, IN_ACCOUNT(ca_file), NULL, NULL,
     "certificate authorities trusted besides the system's"},
    {"proxy", BOTH, &sm_value_proxy, IN_ACCOUNT(proxy), "none", NULL,
     "the proxy for service and storage"},
    {"connect-timeout", BOTH, &sm_value_duration, IN_ACCOUNT(connect_timeout), "10s", NULL,
     "how long one attempt to connect may take"},
    {"give-up-after", BOTH, &sm_value_duration, IN_ACCOUNT(give_up_after), "90s", NULL,
     "how long to try without any progress"},
    {"run-limit", BOTH, &sm_value_duration, IN_ACCOUNT(run_limit), "240s", NULL,
     "how long one run as a mail filter may take"},
    {"parallel", BOTH, &sm_value_parallel, IN_ACCOUNT(parallel), "4", NULL,
     "how many files a sync transfers at once"},
    {"max-file-size", BOTH, &sm_value_size, IN_ACCOUNT(max_file_size), "2GiB", NULL,
     "the largest file that is fetched"},
    {"encrypt-to", BOTH, &sm_value_key_ids, IN_ACCOUNT(encrypt_to), "none", NULL,
     "the OpenPGP keys that a file is encrypted to before it is stored"},
    {"gnupg-home", BOTH | EXPANDS, &sm_value_path, IN_ACCOUNT(gnupg_home), NULL, NULL,
     "the GnuPG home directory with the keys of encrypt-to"},
    {"file-mode", BOTH, &sm_value_mode, IN_ACCOUNT(file_mode), "0600", NULL,
     "the permissions of a stored file"},
    {"group", BOTH, &sm_value_group, IN_ACCOUNT(group), NULL, NULL,
     "the group that a stored file is given to"},
    {"directory-mode", BOTH, &sm_value_directory_mode, IN_ACCOUNT(directory_mode), "0700", NULL,
     "the permissions of a directory that is made for older versions"},
    {"directory-id", BOTH, &sm_value_boolean, IN_ACCOUNT(directory_id), "no", NULL,
     "whether the ledger knows the directory by an id that is kept in it"},
    {"on-stored", BOTH | EXPANDS, &sm_value_command, IN_ACCOUNT(on_stored), NULL, NULL,
     "the command that runs for each stored file"},
    {"on-stored-limit", BOTH, &sm_value_duration, IN_ACCOUNT(on_stored_limit), "5min", NULL,
     "how long that command may take"},
    {"keep-for", BOTH, &sm_value_retention, IN_ACCOUNT(keep_for), "off", NULL,
     "how long stored files are kept before they are deleted"},
    {"expect-every", BOTH, &sm_value_duration_or_off, IN_ACCOUNT(expect_every), "off", NULL,
     "how long nothing may be announced before an alert"},
    {"expect-listing", BOTH, &sm_value_duration_or_off, IN_ACCOUNT(expect_listing), "1d", NULL,
     "how long no sync may be complete before an alert"},
    {"delivery", BOTH, &sm_value_delivery, IN_ACCOUNT(queued), "inline", NULL,
     "when the file is fetched: inline, while the message is delivered, or queued, by the worker"},
};
/* clang-format on */

const SmConfigKey *
sm_config_keys(gsize *count)
{
    *count = G_N_ELEMENTS(keys);
    return keys;
}

const SmConfigKey *
sm_config_key(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

const SmConfigKey *
sm_config_key_nearest(const char *name)
{
    const SmConfigKey *nearest = NULL;
    guint best = G_MAXUINT;

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        guint distance = sm_nearness(name, keys[i].name);

        if (distance < best) {
            best = distance;
            nearest = &keys[i];
        }
    }
    return nearest;
}
