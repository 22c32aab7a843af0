#include "fetch/status/verdict.h"

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/alert/text.h"
#include "fetch/alert/watch-worker.h"

enum { SYNC_OVERDUE = 2 * 86400 /* seconds since the last complete one */ };

const char *
sm_level_name(SmLevel level)
{
    static const char *const names[] = {"ok", "warning", "critical"};

    return names[level];
}

static void
free_concern(gpointer data)
{
    SmConcern *concern = data;

    g_free(concern->text);
    g_free(concern);
}

static SmConcern *add(GPtrArray *concerns, SmAlertKind kind, const char *account, const char *text,
                      ...) G_GNUC_PRINTF(4, 5);

/* As urgent as an alert of that kind, until its caller changes that. */
static SmConcern *
add(GPtrArray *concerns, SmAlertKind kind, const char *account, const char *text, ...)
{
    SmConcern *concern = g_new0(SmConcern, 1);
    va_list values;

    concern->level = sm_alert_level(kind);
    concern->kind = kind;
    concern->account = account;
    va_start(values, text);
    concern->text = g_strdup_vprintf(text, values);
    va_end(values);
    g_ptr_array_add(concerns, concern);
    return concern;
}

/* The newest file in that state, as an example: ", the last one NAME (why)". Caller frees. */
static char *
example(const SmAccountSurvey *account, SmFileState state)
{
    SM_EACH (const SmFile, file, account->troubles)
        if (file->state == state)
            return g_strdup_printf(", the last one %s (%s)", file->name, file->reason);
    return g_strdup("");
}

static void
judge_files(GPtrArray *concerns, const SmAccountSurvey *account, guint defer_for)
{
    const char *name = account->account->name;
    gint64 failed = account->totals.files[SM_FILE_FAILED];
    gint64 conflicts = account->totals.files[SM_FILE_CONFLICT];
    g_autofree char *a_failed = example(account, SM_FILE_FAILED);
    g_autofree char *a_conflict = example(account, SM_FILE_CONFLICT);

    if (failed > 0)
        add(concerns, SM_ALERT_MISSING, name,
            "%d failed%s; run scorefetch retry NAME, or forget NAME", (int)failed, a_failed);
    if (conflicts > 0)
        add(concerns, SM_ALERT_CONFLICT, name,
            "%d in conflict with a file in the directory%s; see Conflicts in scorefetch(1)",
            (int)conflicts, a_conflict);
    if (account->totals.overdue > 0)
        add(concerns, SM_ALERT_WAITING, name, "%d waiting longer than defer-for, %d min",
            (int)account->totals.overdue, (int)(defer_for / 60));
}

/* No warning for accounts that have never synced. */
static void
judge_sync(GPtrArray *concerns, const SmAccountSurvey *account, gint64 now)
{
    g_autofree char *last = sm_text_time(account->totals.synced_at);

    if (account->totals.synced_at > now) {
        add(concerns, SM_ALERT_LISTING, account->account->name,
            "the last sync is dated %s, in the future: is this machine's clock right? The next"
            " complete sync corrects it",
            last);
        return;
    }
    if (account->totals.sync_tried_at > 0 && now - account->totals.synced_at > SYNC_OVERDUE &&
        (account->totals.synced_at > 0 || *account->totals.sync_outcome != '\0'))
        add(concerns, SM_ALERT_LISTING, account->account->name,
            "no complete sync %s%s; the last one: %s",
            account->totals.synced_at > 0 ? "since " : "yet",
            account->totals.synced_at > 0 ? last : "",
            *account->totals.sync_outcome != '\0' ? account->totals.sync_outcome : "did not end");
}

static void
judge_account(GPtrArray *concerns, const SmAccountSurvey *account, const SmSurvey *survey)
{
    if (!account->account->enabled)
        return;
    if (account->account->fault != NULL)
        add(concerns, SM_ALERT_ACCOUNT, account->account->name, "%s",
            account->account->fault->message);
    judge_files(concerns, account, survey->config->defer_for);
    judge_sync(concerns, account, survey->now);
}

static void
judge_configuration(GPtrArray *concerns, const SmConfig *config)
{
    for (guint i = 0; sm_config_is_incomplete(config) && i < config->broken->len; i++)
        add(concerns, SM_ALERT_ACCOUNT, "", "%s", ((GError *)config->broken->pdata[i])->message);
}

/* What waits is not tried again, but the rest is fetched. */
static void
add_silent(GPtrArray *concerns, const char *text)
{
    add(concerns, SM_ALERT_WORKER, "", "%s", text)->level = SM_LEVEL_WARNING;
}

/* Of this one's worker the spool knows more. */
static void
judge_hosts(GPtrArray *concerns, const SmSurvey *survey)
{
    SM_EACH (const SmHost, host, survey->hosts) {
        g_autofree char *text = sm_watch_worker_describe_host(host);

        if (text != NULL)
            add_silent(concerns, text);
    }
}

static void
judge_worker(GPtrArray *concerns, const SmSurvey *survey)
{
    SmWorkerState state = sm_watch_worker_state(survey->config, &survey->worker, survey->now);
    g_autofree char *text = sm_watch_worker_describe(&survey->worker);

    if (state == SM_WORKER_NEEDED)
        add(concerns, SM_ALERT_WORKER, "", "%s", text);
    else if (state != SM_WORKER_ALIVE)
        add_silent(concerns, text);
    judge_hosts(concerns, survey);
    if (survey->pull_fault != NULL)
        add(concerns, SM_ALERT_PULL, "", "%s", survey->pull_fault);
}

/* Whether one of the first concerns, those that need no alert, is of that kind and account. */
static gboolean
is_shown(const GPtrArray *concerns, guint first, SmAlertKind kind, const char *account)
{
    for (guint i = 0; i < first; i++) {
        const SmConcern *concern = concerns->pdata[i];

        if (concern->kind == kind && g_str_equal(concern->account, account))
            return TRUE;
    }
    return FALSE;
}

static void
judge_alerts(GPtrArray *concerns, const SmSurvey *survey)
{
    guint first = concerns->len;

    SM_EACH (const SmAlertRow, alert, survey->alerts) {
        SmAlertKind kind = sm_alert_kind_named(alert->kind);

        if (sm_alert_counts(alert, survey->now) && !is_shown(concerns, first, kind, alert->account))
            add(concerns, kind, alert->account, "%s: %s", alert->kind, alert->text);
    }
}

static gint
by_urgency(gconstpointer a, gconstpointer b)
{
    const SmConcern *const *left = a, *const *right = b;

    return (gint)(*right)->level - (gint)(*left)->level;
}

GPtrArray *
sm_verdict_new(const SmSurvey *survey)
{
    GPtrArray *concerns = g_ptr_array_new_with_free_func(free_concern);

    judge_configuration(concerns, survey->config);
    judge_worker(concerns, survey);
    SM_EACH (const SmAccountSurvey, account, survey->accounts)
        judge_account(concerns, account, survey);
    judge_alerts(concerns, survey);
    g_ptr_array_sort(concerns, by_urgency);
    return concerns;
}

char *
sm_concern_line(const SmConcern *concern)
{
    return g_strdup_printf("%s: %s%s%s", sm_level_name(concern->level), concern->account,
                           *concern->account != '\0' ? ": " : "", concern->text);
}

SmLevel
sm_verdict_level(const GPtrArray *concerns)
{
    const SmConcern *first = concerns->len > 0 ? concerns->pdata[0] : NULL;

    return first != NULL ? first->level : SM_LEVEL_OK;
}
