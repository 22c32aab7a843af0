#include "fetch/check/checks.h"

#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/startup.h"
#include "fetch/alert/send.h"
#include "fetch/check/calls.h"
#include "fetch/host/enclosure.h"
#include "fetch/host/subprocess.h"
#include "fetch/notes/alerts.h"
#include "fetch/report/send.h"
#include "fetch/rows/handovers.h"

#define FILTER "scoremail"

enum { LIMIT = 10, /* seconds */ SAID_MAX = 1000 };

/* In the folder of this program, else where it is installed. Caller frees. */
static char *
find_filter(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname(self) : NULL;
    g_autofree char *beside = folder != NULL ? g_build_filename(folder, FILTER, NULL) : NULL;

    if (beside != NULL && access(beside, X_OK) == 0)
        return g_steal_pointer(&beside);
    return g_strdup(SM_BINDIR "/" FILTER);
}

/* What follows start in the line of text that begins so; NULL without such a line. Caller frees. */
static char *
line_after(const char *text, const char *start)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        if (g_str_has_prefix(*line, start))
            return g_strdup(*line + strlen(start));
    return NULL;
}

static void
say_sandbox(SmCheck *check, const char *path, const char *said)
{
    g_autofree char *version = line_after(said, FILTER " ");
    g_autofree char *walls = line_after(said, "sandbox: ");

    if (version == NULL || walls == NULL || strcmp(version, SM_VERSION) != 0)
        sm_check_say(check, SM_CHECK_FAILURE, "sandbox", NULL,
                     "%s has version %s, but scorefetch has %s; reinstall both", path,
                     version != NULL ? version : "(unknown)", SM_VERSION);
    else if (strstr(walls, "no landlock") != NULL || strstr(walls, "no seccomp") != NULL)
        sm_check_say(check, SM_CHECK_WARNING, "sandbox", NULL,
                     "the kernel offers %s; messages are parsed without the rest of the sandbox; "
                     "use a kernel 5.13 or newer with landlock and seccomp enabled",
                     walls);
    else
        sm_check_say(check, SM_CHECK_OK, "sandbox", NULL, "%s, for %s %s", walls, path, version);
}

void
sm_check_sandbox(SmCheck *check, const SmAccount *none)
{
    g_autofree char *path = find_filter();
    const char *const argv[] = {path, "--version", NULL};
    gint64 limit = g_get_monotonic_time() + LIMIT * G_USEC_PER_SEC;
    char said[SAID_MAX];
    gsize length = sizeof said;
    GError *fault = NULL;

    if (sm_subprocess(argv, limit, said, &length, SM_ERROR_INTERNAL, &fault)) {
        say_sandbox(check, path, said);
        return;
    }
    g_prefix_error(&fault, "reinstall scoremail with its libraries; %s ", path);
    sm_check_say_fault(check, "sandbox", NULL, fault);
}

/* Whether the first word of that key's command, if it is set, can be run; else adds a failure. */
static gboolean
check_program(SmCheck *check, const char *item, const SmAccount *account, const char *key,
              char **argv)
{
    g_autofree char *path = argv != NULL ? g_find_program_in_path(argv[0]) : NULL;

    if (argv == NULL || path != NULL)
        return TRUE;
    return sm_check_say(check, SM_CHECK_FAILURE, item, account,
                        "%s: uid %u cannot run %s; install it, or change %s", key, (guint)geteuid(),
                        argv[0], key);
}

/* What report-mail needs besides a sendmail. */
static gboolean
check_composer(SmCheck *check)
{
    g_autofree char *composer = sm_startup_companion("scoremail-compose");
    g_autofree char *fault = sm_check_calls_fault((const char *const[]){composer, NULL});

    return fault == NULL ||
           sm_check_say(check, SM_CHECK_FAILURE, "alerts", NULL,
                        "report-mail: %s; reinstall scoremail with its libraries", fault);
}

void
sm_check_alerts(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    gboolean by_mail = config->alert_mail != NULL;
    gboolean ok = (!by_mail && config->report_mail == NULL) ||
                  check_program(check, "alerts", NULL, "sendmail", config->sendmail);

    ok = (config->report_mail == NULL || check_composer(check)) && ok;
    if (!by_mail && config->alert_command == NULL)
        sm_check_say(check, SM_CHECK_WARNING, "alerts", NULL,
                     "nobody is alerted when something fails; set alert-mail to an address, or "
                     "alert-command");
    else if (ok && check_program(check, "alerts", NULL, "alert-command", config->alert_command))
        sm_check_say(check, SM_CHECK_OK, "alerts", NULL, "go to %s%s%s",
                     by_mail ? config->alert_mail[0] : "",
                     by_mail && config->alert_command != NULL ? " and " : "",
                     config->alert_command != NULL ? config->alert_command[0] : "");
}

/* Whether alerts and on-stored are left to scorefetch tell: by the configuration or, where systemd
 * runs, by a site's units. */
static gboolean
is_deferred(const SmConfig *config)
{
    return config->commands_deferred ||
           (config->site && g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR));
}

/* An on-stored command of account that was never run since before; FALSE where none is known. */
static gboolean
waits(const SmCheck *check, const SmAccount *account, gint64 before)
{
    g_autoptr(GPtrArray) due =
        account->on_stored != NULL
            ? sm_handover_due(check->seen, account->name, NULL, sm_ledger_now(), NULL)
            : NULL;

    SM_EACH (const SmHandover, handover, due)
        if (handover->attempts == 0 && handover->created < before)
            return TRUE;
    return FALSE;
}

void
sm_check_tell(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    gint64 before = sm_ledger_now() - 2 * (gint64)config->worker_interval;
    g_autofree SmAlertRow *alert = NULL;
    gboolean late = FALSE;

    if (check->seen == NULL || !is_deferred(config))
        return;
    if (config->alert_mail != NULL || config->alert_command != NULL)
        alert = sm_alerts_due(check->seen, config->alert_every, NULL);
    late = alert != NULL && alert->sent == 0 && alert->first < before;
    SM_EACH (const SmAccount, account, config->accounts)
        late = late || waits(check, account, before);
    if (late || sm_report_is_late(config, check->seen, before))
        sm_check_say(check, SM_CHECK_FAILURE, "tell", NULL,
                     "%s for scorefetch tell, and nothing runs it; %s",
                     late ? "alerts or on-stored commands wait" : "a report waits",
                     config->site ? "run systemctl enable --now scoremail-tell.timer"
                                  : "let cron or a timer start it, or remove commands = deferred");
}

void
sm_check_alert_test(SmCheck *check, const SmAccount *none)
{
    const SmConfig *config = check->config;
    GError *fault = NULL;

    if (config->alert_mail == NULL && config->alert_command == NULL)
        return; /* said above */
    if (sm_alert_test(config, &fault))
        sm_check_say(check, SM_CHECK_OK, "alert test", NULL, "handed over; did it arrive?");
    else
        sm_check_say_fault(check, "alert test", NULL, fault);
}

void
sm_check_hook(SmCheck *check, const SmAccount *account)
{
    if (account->on_stored != NULL &&
        check_program(check, "hook", account, "on-stored", account->on_stored))
        sm_check_say(check, SM_CHECK_OK, "hook", account, "%s runs for stored files",
                     account->on_stored[0]);
}

void
sm_check_enclosure(SmCheck *check, const SmAccount *account)
{
    SmConfig config = *check->config;
    const char *obstacle;

    config.commands_deferred = is_deferred(check->config);
    obstacle = sm_enclosure_obstacle(&config, account);
    if (obstacle == NULL)
        sm_check_say(check, SM_CHECK_OK, "enclosure", account,
                     "landlock lets what works for it reach its own files only");
    else
        sm_check_say(check, sm_enclosure_is_possible() ? SM_CHECK_OK : SM_CHECK_WARNING,
                     "enclosure", account, "not closed in by landlock: %s", obstacle);
}
