#include "fetch/status/verdict.h"

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/alert/text.h"
#include "fetch/alert/watch-worker.h"

enum {
    ALERT_LASTS = 3 * 86400,  /* seconds: over a weekend */
    SYNC_OVERDUE = 2 * 86400, /* seconds since the last complete one */
};

typedef enum {
    STANDS, /* until it is cleared */
    PASSES, /* it happened; nothing shows whether somebody has dealt with it */
    SHOWS,  /* the survey shows by itself whether it is still so */
} Nature;

static const struct {
    SmLevel level;
    Nature nature;
} of_alerts[SM_ALERT_N_KINDS] = {
    [SM_ALERT_CREDENTIALS] = {SM_LEVEL_CRITICAL, STANDS},
    [SM_ALERT_SECRET_AGE] = {SM_LEVEL_WARNING, STANDS},
    [SM_ALERT_FORM] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_UNUSABLE] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_NO_ACCOUNT] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_ACCOUNT] = {SM_LEVEL_CRITICAL, STANDS},
    [SM_ALERT_WAITING] = {SM_LEVEL_WARNING, SHOWS},
    [SM_ALERT_FORMAT] = {SM_LEVEL_WARNING, STANDS},
    [SM_ALERT_EXTENSION] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_DISK] = {SM_LEVEL_CRITICAL, STANDS},
    [SM_ALERT_MISSING] = {SM_LEVEL_CRITICAL, SHOWS},
    [SM_ALERT_DAMAGED] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_HOST] = {SM_LEVEL_CRITICAL, STANDS},
    [SM_ALERT_TRUST] = {SM_LEVEL_CRITICAL, STANDS},
    [SM_ALERT_CONFLICT] = {SM_LEVEL_CRITICAL, SHOWS},
    [SM_ALERT_ENCRYPTION] = {SM_LEVEL_CRITICAL, STANDS},
    [SM_ALERT_HOOK] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_HUNG] = {SM_LEVEL_CRITICAL, STANDS},
    [SM_ALERT_WORKER] = {SM_LEVEL_CRITICAL, SHOWS},
    [SM_ALERT_SILENCE] = {SM_LEVEL_WARNING, STANDS},
    [SM_ALERT_LISTING] = {SM_LEVEL_WARNING, STANDS},
    [SM_ALERT_MAIL] = {SM_LEVEL_WARNING, STANDS},
    [SM_ALERT_SPOOL] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_PULL] = {SM_LEVEL_WARNING, SHOWS},
    [SM_ALERT_PRUNE] = {SM_LEVEL_WARNING, STANDS},
    [SM_ALERT_SENDER] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_UNVERIFIED] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_SANDBOX] = {SM_LEVEL_WARNING, PASSES},
    [SM_ALERT_REPORT] = {SM_LEVEL_WARNING, STANDS},
};

/* What a concern is about. */
typedef struct {
    SmLevel level;
    SmAlertKind kind;
} Matter;

/* What the survey shows by itself. */
static const struct {
    Matter file_broken, account_broken, file_failed, file_conflicts, file_overdue, sync_overdue;
    Matter worker_silent, queue_unworked, pull_fails;
} of_survey = {
    /* of the configuration, with accounts that nobody knows */
    .file_broken = {SM_LEVEL_CRITICAL, SM_ALERT_ACCOUNT},
    .account_broken = {SM_LEVEL_CRITICAL, SM_ALERT_ACCOUNT},
    .file_failed = {SM_LEVEL_CRITICAL, SM_ALERT_MISSING},
    .file_conflicts = {SM_LEVEL_CRITICAL, SM_ALERT_CONFLICT},
    .file_overdue = {SM_LEVEL_WARNING, SM_ALERT_WAITING},
    .sync_overdue = {SM_LEVEL_WARNING, SM_ALERT_LISTING},
    /* what waits is not tried again */
    .worker_silent = {SM_LEVEL_WARNING, SM_ALERT_WORKER},
    /* with delivery = queued nothing is fetched at all */
    .queue_unworked = {SM_LEVEL_CRITICAL, SM_ALERT_WORKER},
    /* sync may fetch the files */
    .pull_fails = {SM_LEVEL_WARNING, SM_ALERT_PULL},
};

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

static void add(GPtrArray *concerns, Matter matter, const char *account, const char *text, ...)
    G_GNUC_PRINTF(4, 5);

static void
add(GPtrArray *concerns, Matter matter, const char *account, const char *text, ...)
{
    SmConcern *concern = g_new0(SmConcern, 1);
    va_list values;

    concern->level = matter.level;
    concern->kind = matter.kind;
    concern->account = account;
    va_start(values, text);
    concern->text = g_strdup_vprintf(text, values);
    va_end(values);
    g_ptr_array_add(concerns, concern);
}

gboolean
sm_verdict_stands(const SmAlertRow *alert, gint64 now)
{
    switch (of_alerts[sm_alert_kind_named(alert->kind)].nature) {
    case STANDS:
        return TRUE;
    case PASSES:
        return now - alert->last < ALERT_LASTS;
    case SHOWS:
        break;
    }
    return FALSE;
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
        add(concerns, of_survey.file_failed, name,
            "%d failed%s; run scorefetch retry NAME, or forget NAME", (int)failed, a_failed);
    if (conflicts > 0)
        add(concerns, of_survey.file_conflicts, name,
            "%d in conflict with a file in the directory%s; see Conflicts in scorefetch(1)",
            (int)conflicts, a_conflict);
    if (account->totals.overdue > 0)
        add(concerns, of_survey.file_overdue, name, "%d waiting longer than defer-for, %d min",
            (int)account->totals.overdue, (int)(defer_for / 60));
}

/* No warning for accounts that have never synced. */
static void
judge_sync(GPtrArray *concerns, const SmAccountSurvey *account, gint64 now)
{
    g_autofree char *last = sm_text_time(account->totals.synced_at);

    if (account->totals.synced_at > now) {
        add(concerns, of_survey.sync_overdue, account->account->name,
            "the last sync is dated %s, in the future: is this machine's clock right? The next"
            " complete sync corrects it",
            last);
        return;
    }
    if (account->totals.sync_tried_at > 0 && now - account->totals.synced_at > SYNC_OVERDUE &&
        (account->totals.synced_at > 0 || *account->totals.sync_outcome != '\0'))
        add(concerns, of_survey.sync_overdue, account->account->name,
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
        add(concerns, of_survey.account_broken, account->account->name, "%s",
            account->account->fault->message);
    judge_files(concerns, account, survey->config->defer_for);
    judge_sync(concerns, account, survey->now);
}

static void
judge_configuration(GPtrArray *concerns, const SmConfig *config)
{
    for (guint i = 0; sm_config_is_incomplete(config) && i < config->broken->len; i++)
        add(concerns, of_survey.file_broken, "", "%s",
            ((GError *)config->broken->pdata[i])->message);
}

/* Of this one's worker the spool knows more. */
static void
judge_hosts(GPtrArray *concerns, const SmSurvey *survey)
{
    SM_EACH (const SmHost, host, survey->hosts) {
        g_autofree char *text = sm_watch_worker_describe_host(host);

        if (text != NULL)
            add(concerns, of_survey.worker_silent, "", "%s", text);
    }
}

static void
judge_worker(GPtrArray *concerns, const SmSurvey *survey)
{
    SmWorkerState state = sm_watch_worker_state(survey->config, &survey->worker, survey->now);
    g_autofree char *text = sm_watch_worker_describe(&survey->worker);

    if (state != SM_WORKER_ALIVE)
        add(concerns,
            state == SM_WORKER_NEEDED ? of_survey.queue_unworked : of_survey.worker_silent, "",
            "%s", text);
    judge_hosts(concerns, survey);
    if (survey->pull_fault != NULL)
        add(concerns, of_survey.pull_fails, "", "%s", survey->pull_fault);
}

static void
judge_alerts(GPtrArray *concerns, const SmSurvey *survey)
{
    SM_EACH (const SmAlertRow, alert, survey->alerts) {
        SmAlertKind kind = sm_alert_kind_named(alert->kind);

        if (sm_verdict_stands(alert, survey->now))
            add(concerns, (Matter){of_alerts[kind].level, kind}, alert->account, "%s: %s",
                alert->kind, alert->text);
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
    for (guint i = 0; i < survey->accounts->len; i++)
        judge_account(concerns, survey->accounts->pdata[i], survey);
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
