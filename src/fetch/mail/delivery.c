#include "fetch/mail/delivery.h"

#include <sysexits.h>

#include "common/base/error.h"
#include "fetch/alert/alert.h"
#include "fetch/job/fetch.h"
#include "fetch/job/outcome.h"
#include "fetch/ledger/accounts.h"
#include "fetch/ledger/events.h"
#include "fetch/ledger/files.h"
#include "fetch/rules/route.h"
#include "fetch/rules/senders.h"

/* One name of the event ("" for one without), and whose it is. */
typedef struct {
    SmLedger *ledger;
    const SmConfig *config;
    const SmEvent *event;
    const char *name;
    SmAccount *account; /* NULL: none found, and why tells the reason */
    char *why;
    char *refusal; /* why its sender may not announce it; NULL: it may */
} Job;

static void
job_start(Job *job, const SmConfig *config, const SmEvent *event, const char *name)
{
    *job = (Job){.config = config, .event = event, .name = name};
    job->account = sm_route(config, event, name, &job->why);
    sm_senders_allow(config, job->account, event, &job->refusal);
}

static void
job_clear(Job *job)
{
    g_free(job->why);
    g_free(job->refusal);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static const char *
account_name(const Job *job)
{
    return job->account != NULL ? job->account->name : "";
}

static const char *
shown_name(const Job *job)
{
    return *job->name != '\0' ? job->name : "a notification";
}

static char *
describe_no_account(const Job *job)
{
    return g_strdup_printf("%s: not fetched: %s", shown_name(job), job->why);
}

/* A decision that the row of no file has. */
static void
say(const Job *job, GLogLevelFlags level, const char *decision, const char *text)
{
    const char *account = account_name(job), *sender = job->event->from;
    const SmReportField fields[] = {
        {"event", decision},
        {"account", *account != '\0' ? account : NULL},
        {"name", *job->name != '\0' ? job->name : NULL},
        {"sender", *sender != '\0' ? sender : NULL},
    };

    sm_report_say(level, text, fields, G_N_ELEMENTS(fields));
}

/* An event without an account is over with its record: no row waits for anything. So is one that
 * was refused, and nobody is alerted of it: strangers are many. */
static gboolean
record(const Job *job, GError **error)
{
    SmLedger *ledger = job->ledger;
    g_autofree char *text = NULL;

    if (job->refusal != NULL) {
        text = g_strdup_printf("%s: refused: %s", shown_name(job), job->refusal);
        say(job, G_LOG_LEVEL_MESSAGE, "refused", text);
        return sm_event_refuse(ledger, job->event, account_name(job), job->name, job->refusal,
                               error);
    }
    if (!sm_event_record(ledger, job->event, account_name(job), job->name, error))
        return FALSE;
    if (job->account != NULL || *job->name == '\0')
        return TRUE;
    text = describe_no_account(job);
    say(job, G_LOG_LEVEL_WARNING, "no account", text);
    sm_alert(ledger, "", SM_ALERT_NO_ACCOUNT, text);
    return sm_event_close(ledger, job->event, "", job->name, "no account", job->why, error);
}

/* A notification that names no file: said, and no try of the mail system's can mend it. */
static gboolean
record_oddity(const Job *job, GError **error)
{
    const SmEvent *event = job->event;
    SmLedger *ledger = job->ledger;
    gboolean unusable = event->kind == SM_EVENT_UNUSABLE;
    g_autofree char *text = NULL;

    if (!record(job, error))
        return FALSE;
    if (job->refusal != NULL)
        return TRUE;
    if (!sm_event_close(ledger, event, account_name(job), "", "no file", event->reason, error) ||
        (job->account != NULL && !sm_account_want_listing(ledger, job->account->name, error)))
        return FALSE;
    text = unusable ? g_strdup_printf("unusable message: %s", event->reason)
                    : g_strdup_printf("a notification without a valid file name: %s (has its form "
                                      "changed?)",
                                      event->reason);
    say(job, G_LOG_LEVEL_WARNING, "no file", text);
    sm_alert(ledger, account_name(job), unusable ? SM_ALERT_UNUSABLE : SM_ALERT_FORM, text);
    return TRUE;
}

gboolean
sm_delivery_record(SmLedger *ledger, const SmConfig *config, const SmEvent *event, GError **error)
{
    gboolean ok = TRUE;

    if (event->kind != SM_EVENT_NAMES) {
        g_auto(Job) job = {0};

        job_start(&job, config, event, "");
        job.ledger = ledger;
        return record_oddity(&job, error);
    }
    for (char **name = event->names; ok && *name != NULL; name++) {
        g_auto(Job) job = {0};

        job_start(&job, config, event, *name);
        job.ledger = ledger;
        ok = record(&job, error);
    }
    return ok;
}

static gboolean
any_account_is_broken(const SmConfig *config)
{
    if (sm_config_is_incomplete(config))
        return TRUE;
    for (guint i = 0; i < config->accounts->len; i++)
        if (((SmAccount *)config->accounts->pdata[i])->fault != NULL)
            return TRUE;
    return FALSE;
}

static gboolean
mending_may_tell(const Job *job)
{
    const SmConfig *config = job->config;

    if (job->account != NULL || job->refusal != NULL)
        return FALSE;
    if (*job->event->account != '\0')
        return sm_config_account(config, job->event->account) == NULL;
    return any_account_is_broken(config);
}

gboolean
sm_delivery_may_find(const SmConfig *config, const SmEvent *event)
{
    gboolean may = FALSE;

    for (char **name = event->names; !may && *name != NULL; name++) {
        g_auto(Job) job = {0};

        job_start(&job, config, event, *name);
        may = mending_may_tell(&job);
    }
    return may;
}

static gboolean
no_account(const Job *job, GError **error)
{
    g_autofree char *text = describe_no_account(job);

    g_set_error_literal(error, SM_ERROR, mending_may_tell(job) ? SM_ERROR_CONFIG : SM_ERROR_DATA,
                        text);
    return FALSE;
}

static gboolean
act(const Job *job, gint64 started, char **outcome, GError **error)
{
    SmFetch fetch = {.ledger = job->ledger, .account = job->account, .role = SM_ROLE_FILTER};

    if (job->account == NULL)
        return no_account(job, error);
    if (job->account->fault != NULL) {
        g_propagate_error(error, g_error_copy(job->account->fault));
        return FALSE;
    }
    fetch.deadline = started + (gint64)job->account->run_limit * G_USEC_PER_SEC;
    return sm_fetch(&fetch, job->name, outcome, error);
}

/* What the row says now, for the event's own row. */
static void
note_decision(const Job *job, const GError *fault)
{
    g_autoptr(SmFile) file = NULL;
    const char *decision = fault != NULL ? "waiting" : "done";
    SmLedger *ledger = job->ledger;

    if (job->account == NULL)
        return;
    file = sm_file_load(ledger, job->account->name, job->name, NULL);
    if (file != NULL)
        decision = sm_file_state_name(file->state);
    sm_event_decide(ledger, job->event, account_name(job), job->name, decision,
                    fault != NULL ? fault->message : (file != NULL ? file->reason : ""), NULL);
}

static void
say_outcome(const Job *job, GLogLevelFlags level, const char *text)
{
    sm_outcome_say(job->ledger, account_name(job), job->name, level, text);
}

/* Where no Received tells since when, or one of a clock that is ahead, the name's row does. */
static gboolean
is_overdue(const Job *job, guint defer_for)
{
    gint64 now = sm_ledger_now(), received = job->event->received;
    g_autoptr(SmFile) file = NULL;

    if (received > 0 && received <= now)
        return sm_event_is_overdue(job->event, defer_for, now);
    if (job->account != NULL)
        file = sm_file_load(job->ledger, job->account->name, job->name, NULL);
    return file != NULL && sm_event_has_waited(file->announced_at, defer_for, now);
}

/* What to ask of the mail system after fault; after defer_for that it forgets the message. */
static int
answer(const Job *job, const GError *fault, guint defer_for)
{
    int code = sm_error_exit_code(fault, SM_ROLE_FILTER);
    g_autofree char *text = NULL;

    if (code == EX_OK || !is_overdue(job, defer_for)) {
        if (job->account != NULL) /* else it was said as it was recorded */
            say_outcome(job, G_LOG_LEVEL_WARNING, fault->message);
        return code;
    }
    text = g_strdup_printf("%s; the mail system has tried for long enough: it waits for scorefetch "
                           "run",
                           fault->message);
    say_outcome(job, G_LOG_LEVEL_WARNING, text);
    sm_alert(job->ledger, account_name(job), SM_ALERT_WAITING, fault->message);
    return EX_OK;
}

static int
settle_name(const Job *job, gint64 started, guint defer_for)
{
    g_autofree char *outcome = NULL;
    g_autoptr(GError) fault = NULL;
    gint64 now = sm_ledger_now();

    if (job->refusal != NULL)
        return EX_OK;
    if (act(job, started, &outcome, &fault))
        say_outcome(job, G_LOG_LEVEL_MESSAGE, outcome);
    note_decision(job, fault);
    if (job->account != NULL)
        sm_alert_outcome(job->ledger, job->account, job->name, now, fault);
    return fault != NULL ? answer(job, fault, defer_for) : EX_OK;
}

int
sm_delivery_act(SmLedger *ledger, const SmConfig *config, const SmEvent *event, guint defer_for)
{
    gint64 started = g_get_monotonic_time();
    int code = EX_OK;

    for (char **name = event->names; *name != NULL; name++) {
        g_auto(Job) job = {0};

        job_start(&job, config, event, *name);
        job.ledger = ledger;
        if (settle_name(&job, started, defer_for) != EX_OK)
            code = EX_TEMPFAIL;
    }
    return code;
}
