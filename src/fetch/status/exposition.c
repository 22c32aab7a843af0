#include "fetch/status/forms.h"

#include <sys/stat.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "fetch/status/verdict.h"

/* Account names, states, kinds and hosts need no escaping: letters, digits, blanks and "._-". */

#define HEAD(name, type, help)                                                                     \
    "# HELP scoremail_" name " " help "\n# TYPE scoremail_" name " " type "\n"
#define OF_ACCOUNTS(name, type, help, member)                                                      \
    HEAD(name, type, help), name, G_STRUCT_OFFSET(SmAccountSurvey, totals.member)

static const struct {
    const char *head;
    const char *name;
    gsize offset; /* of a gint64 in SmAccountSurvey */
} of_accounts[] = {
    {OF_ACCOUNTS("files_overdue", "gauge", "Files waiting longer than defer-for.", overdue)},
    {OF_ACCOUNTS("files_stored_total", "counter", "Files stored, corrected versions included.",
                 stored_ever)},
    {OF_ACCOUNTS("notifications_total", "counter", "Messages that announced a file.",
                 announced_ever)},
    {OF_ACCOUNTS("last_mail_timestamp_seconds", "gauge",
                 "When the last message announced a file; 0 if none did.", mail_at)},
    {OF_ACCOUNTS("last_stored_timestamp_seconds", "gauge",
                 "When the last file was stored; 0 if none was.", stored_at)},
    {OF_ACCOUNTS("last_sync_timestamp_seconds", "gauge",
                 "When the last sync began that left nothing; 0 if none did.", synced_at)},
    {OF_ACCOUNTS("last_sync_attempt_timestamp_seconds", "gauge",
                 "When the last sync began; 0 if none did.", sync_tried_at)},
};

static void
add_accounts(GString *text, const SmSurvey *survey, gsize metric)
{
    g_string_append(text, of_accounts[metric].head);
    SM_EACH (const SmAccountSurvey, account, survey->accounts)
        g_string_append_printf(text, "scoremail_%s{account=\"%s\"} %" G_GINT64_FORMAT "\n",
                               of_accounts[metric].name, account->account->name,
                               G_STRUCT_MEMBER(gint64, account, of_accounts[metric].offset));
}

static void
add_states(GString *text, const SmSurvey *survey)
{
    g_string_append(text, HEAD("files", "gauge", "Files in the ledger, by state."));
    SM_EACH (const SmAccountSurvey, account, survey->accounts)
        for (int state = 0; state < SM_FILE_N_STATES; state++)
            g_string_append_printf(
                text, "scoremail_files{account=\"%s\",state=\"%s\"} %" G_GINT64_FORMAT "\n",
                account->account->name, sm_file_state_name(state), account->totals.files[state]);
}

static void
add_usable(GString *text, const SmSurvey *survey)
{
    g_string_append(text, HEAD("account_usable", "gauge",
                               "Whether the account is enabled and its configuration in order."));
    SM_EACH (const SmAccountSurvey, each, survey->accounts)
        g_string_append_printf(text, "scoremail_account_usable{account=\"%s\"} %d\n",
                               each->account->name,
                               each->account->enabled && each->account->fault == NULL);
}

static void
add_alerts(GString *text, const SmSurvey *survey)
{
    g_string_append(text, HEAD("alerts", "gauge",
                               "Alerts that are open, or were raised within three days; account "
                               "\"\" is the whole program."));
    SM_EACH (const SmAlertRow, alert, survey->alerts)
        if (sm_alert_counts(alert, survey->now))
            g_string_append_printf(text, "scoremail_alerts{account=\"%s\",kind=\"%s\"} 1\n",
                                   alert->account, alert->kind);
}

static void
add_hosts(GString *text, const SmSurvey *survey)
{
    if (survey->hosts->len == 0)
        return;
    g_string_append(text, HEAD("host_heartbeat_timestamp_seconds", "gauge",
                               "Last heartbeat of scorefetch run on each host."));
    SM_EACH (const SmHost, host, survey->hosts)
        g_string_append_printf(
            text, "scoremail_host_heartbeat_timestamp_seconds{host=\"%s\"} %" G_GINT64_FORMAT "\n",
            host->name, host->beat_at);
    g_string_append(text, HEAD("host_spool_events", "gauge",
                               "Events queued in the spool of each host at its last heartbeat."));
    SM_EACH (const SmHost, host, survey->hosts)
        g_string_append_printf(text,
                               "scoremail_host_spool_events{host=\"%s\"} %" G_GINT64_FORMAT "\n",
                               host->name, host->spooled);
}

static void
add_one(GString *text, const char *head, const char *name, gint64 value)
{
    g_string_append_printf(text, "%sscoremail_%s %" G_GINT64_FORMAT "\n", head, name, value);
}

#define ADD_ONE(text, name, help, value) add_one(text, HEAD(name, "gauge", help), name, value)

static void
add_whole(GString *text, const SmSurvey *survey)
{
    g_autoptr(GPtrArray) concerns = sm_verdict_new(survey);

    ADD_ONE(text, "worker_heartbeat_timestamp_seconds",
            "Last heartbeat of scorefetch run; 0 if never.", survey->worker.beat_at);
    if (survey->worker.spooled >= 0)
        ADD_ONE(text, "spool_events", "Events queued in the spool.", survey->worker.spooled);
    ADD_ONE(text, "status_level", "What scorefetch status --exit-code exits with.",
            sm_verdict_level(concerns));
}

/* Caller frees. */
static char *
metrics_of(const SmSurvey *survey)
{
    GString *text = g_string_new(NULL);

    add_states(text, survey);
    for (gsize metric = 0; metric < G_N_ELEMENTS(of_accounts); metric++)
        add_accounts(text, survey, metric);
    add_usable(text, survey);
    add_alerts(text, survey);
    add_whole(text, survey);
    add_hosts(text, survey);
    return g_string_free(text, FALSE);
}

gboolean
sm_exposition_write(const char *path, const SmSurvey *survey, GError **error)
{
    g_autofree char *text = metrics_of(survey);
    g_autoptr(GError) fault = NULL;
    mode_t before = umask(022); /* the collector is another user */
    gboolean ok =
        g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &fault);

    umask(before);
    return ok || sm_error_set(error, SM_ERROR_IO, "metrics: %s: %s", path, sm_error_of_file(fault));
}
