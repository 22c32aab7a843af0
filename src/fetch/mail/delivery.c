#include "fetch/mail/delivery.h"

#include <sysexits.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "common/event/spool.h"
#include "fetch/alert/alert.h"
#include "fetch/job/fetch.h"
#include "fetch/job/outcome.h"
#include "fetch/notes/accounts.h"
#include "fetch/notes/outage.h"
#include "fetch/rows/events.h"
#include "fetch/rows/files.h"
#include "fetch/rules/route.h"
#include "fetch/rules/senders.h"

struct SmDelivery {
    const SmConfig *config;
    const SmEvent *event;
    GPtrArray *announced; /* of Announced */
};

/* One name of the event ("" for one without), and whose it is. */
typedef struct {
    const SmConfig *config;
    SmAnnouncement as;  /* what the ledger knows it by */
    SmAccount *account; /* NULL: none found, for the reason in why */
    char *why;
    char *refusal; /* why its sender may not announce it; NULL: it may */
} Announced;

static void
announced_free(gpointer data)
{
    Announced *announced = data;

    g_free(announced->why);
    g_free(announced->refusal);
    g_free(announced);
}

static void
add(SmDelivery *delivery, const char *name)
{
    Announced *announced = g_new0(Announced, 1);

    announced->config = delivery->config;
    announced->account = sm_route(delivery->config, delivery->event, name, &announced->why);
    announced->as = (SmAnnouncement){
        delivery->event, announced->account != NULL ? announced->account->name : "", name};
    sm_senders_allow(delivery->config, announced->account, delivery->event, &announced->refusal);
    g_ptr_array_add(delivery->announced, announced);
}

SmDelivery *
sm_delivery_new(const SmConfig *config, const SmEvent *event)
{
    SmDelivery *delivery = g_new(SmDelivery, 1);

    *delivery = (SmDelivery){config, event, g_ptr_array_new_with_free_func(announced_free)};
    if (event->kind != SM_EVENT_NAMES)
        add(delivery, "");
    for (char **name = event->names; *name != NULL; name++)
        add(delivery, *name);
    return delivery;
}

void
sm_delivery_free(SmDelivery *delivery)
{
    g_ptr_array_unref(delivery->announced);
    g_free(delivery);
}

void
sm_delivery_add_accounts(const SmDelivery *delivery, GPtrArray *accounts)
{
    SM_EACH (const Announced, announced, delivery->announced)
        if (announced->account != NULL && !g_ptr_array_find(accounts, announced->account, NULL))
            g_ptr_array_add(accounts, announced->account);
}

gboolean
sm_delivery_is_empty(const SmDelivery *delivery)
{
    return delivery->announced->len == 0;
}

SmEvent *
sm_delivery_event(const SmDelivery *delivery)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    SM_EACH (const Announced, announced, delivery->announced)
        if (*announced->as.name != '\0')
            g_ptr_array_add(names, (gpointer)announced->as.name);
    return delivery->announced->len > 0
               ? sm_event_copy(delivery->event, (char **)names->pdata, names->len)
               : NULL;
}

SmEvent *
sm_delivery_take_queued(SmDelivery *delivery)
{
    SmDelivery queued = {delivery->config, delivery->event,
                         g_ptr_array_new_with_free_func(announced_free)};
    gboolean any = sm_config_is_queued(delivery->config);
    SmEvent *event;

    for (guint i = delivery->announced->len; i-- > 0;) {
        const Announced *announced = delivery->announced->pdata[i];

        if (announced->account != NULL ? announced->account->queued : any)
            g_ptr_array_insert(queued.announced, 0,
                               g_ptr_array_steal_index(delivery->announced, i));
    }
    event = sm_delivery_event(&queued);
    g_ptr_array_unref(queued.announced);
    return event;
}

static const char *
shown_name(const Announced *announced)
{
    return *announced->as.name != '\0' ? announced->as.name : "a notification";
}

static char *
describe_no_account(const Announced *announced)
{
    return g_strdup_printf("%s: not fetched: %s", shown_name(announced), announced->why);
}

/* A decision that the row of no file has. */
static void
say(const Announced *announced, GLogLevelFlags level, const char *decision, const char *text)
{
    const char *account = announced->as.account, *sender = announced->as.event->from;
    const SmReportField fields[] = {
        {"event", decision},
        {"account", *account != '\0' ? account : NULL},
        {"name", *announced->as.name != '\0' ? announced->as.name : NULL},
        {"sender", *sender != '\0' ? sender : NULL},
    };

    sm_report_say(level, text, fields, G_N_ELEMENTS(fields));
}

/* A genuine message may be refused after a change at the sender or in the mail system. Without an
 * account there is no alert: anybody can send such messages. */
static void
alert_refused(const Announced *announced, const SmEvent *event, SmLedger *ledger, const char *text)
{
    if (announced->account != NULL)
        sm_alert(ledger, announced->account->name,
                 sm_senders_lists(announced->account, event) ? SM_ALERT_UNVERIFIED
                                                             : SM_ALERT_SENDER,
                 text);
}

/* An event without an account is over with its record: no row waits for anything. So is one that
 * was refused. */
static gboolean
record(const Announced *announced, SmLedger *ledger, GError **error)
{
    g_autofree char *text = NULL;

    if (announced->refusal != NULL) {
        text = g_strdup_printf("%s: refused: %s", shown_name(announced), announced->refusal);
        say(announced, G_LOG_LEVEL_MESSAGE, "refused", text);
        if (!sm_event_refuse(ledger, &announced->as, announced->refusal, error))
            return FALSE;
        alert_refused(announced, announced->as.event, ledger, text);
        return TRUE;
    }
    if (!sm_event_record(ledger, &announced->as, error))
        return FALSE;
    if (announced->account != NULL || *announced->as.name == '\0')
        return TRUE;
    text = describe_no_account(announced);
    say(announced, G_LOG_LEVEL_WARNING, "no account", text);
    sm_alert(ledger, "", SM_ALERT_NO_ACCOUNT, text);
    return sm_event_close(ledger, &announced->as, "no account", announced->why, error);
}

/* A notification without a file: recorded and alerted, since no retry can fix it. */
static gboolean
record_oddity(const Announced *announced, SmLedger *ledger, GError **error)
{
    const SmEvent *event = announced->as.event;
    gboolean unusable = event->kind == SM_EVENT_UNUSABLE;
    g_autofree char *text = NULL;

    if (!record(announced, ledger, error))
        return FALSE;
    if (announced->refusal != NULL)
        return TRUE;
    if (!sm_event_close(ledger, &announced->as, "no file", event->reason, error) ||
        (announced->account != NULL &&
         !sm_account_want_listing(ledger, announced->account->name, error)))
        return FALSE;
    text =
        unusable
            ? g_strdup_printf("unusable message: %s", event->reason)
            : g_strdup_printf("a notification without a valid file name: %s; has its form changed?",
                              event->reason);
    say(announced, G_LOG_LEVEL_WARNING, "no file", text);
    sm_alert(ledger, announced->as.account, unusable ? SM_ALERT_UNUSABLE : SM_ALERT_FORM, text);
    return TRUE;
}

gboolean
sm_delivery_record(const SmDelivery *delivery, SmLedger *ledger, GError **error)
{
    gboolean ok = TRUE;

    SM_EACH (const Announced, announced, delivery->announced)
        ok = ok && (*announced->as.name != '\0' ? record(announced, ledger, error)
                                                : record_oddity(announced, ledger, error));
    return ok;
}

static gboolean
any_account_is_broken(const SmConfig *config)
{
    if (sm_config_is_incomplete(config))
        return TRUE;
    SM_EACH (const SmAccount, account, config->accounts)
        if (account->fault != NULL)
            return TRUE;
    return FALSE;
}

static gboolean
mending_may_tell(const Announced *announced)
{
    const SmConfig *config = announced->config;

    if (announced->account != NULL || announced->refusal != NULL)
        return FALSE;
    if (*announced->as.event->account != '\0')
        return sm_config_account(config, announced->as.event->account) == NULL;
    return any_account_is_broken(config);
}

gboolean
sm_delivery_may_find(const SmDelivery *delivery)
{
    SM_EACH (const Announced, announced, delivery->announced)
        if (*announced->as.name != '\0' && mending_may_tell(announced))
            return TRUE;
    return FALSE;
}

static gboolean
no_account(const Announced *announced, GError **error)
{
    g_autofree char *text = describe_no_account(announced);

    return sm_error_set(error, mending_may_tell(announced) ? SM_ERROR_CONFIG : SM_ERROR_DATA, "%s",
                        text);
}

enum {
    QUICK = 4,   /* a failure within this part of give-up-after holds nobody up, ... */
    PATIENT = 5, /* ... nor does one where that is less than so many seconds */
};

/* A service that has just failed would hold up the recipient's other mail for as long once more. */
static gboolean
act(const Announced *announced, SmLedger *ledger, gint64 started, SmFetched *fetched,
    GError **error)
{
    const SmAccount *account = announced->account;
    SmJob job = {.ledger = ledger, .account = account, .role = SM_ROLE_FILTER};
    gint64 begin = g_get_monotonic_time();
    GError *fault = NULL;

    if (account == NULL)
        return no_account(announced, error);
    job.deadline = started + (gint64)account->run_limit * G_USEC_PER_SEC;
    job.offline =
        sm_outage_since(ledger, account, g_get_real_time() - SM_OUTAGE_HOLDS * G_USEC_PER_SEC, 1);
    if (sm_fetch(&job, announced->as.name, fetched, &fault))
        return TRUE;
    if (account->give_up_after >= PATIENT &&
        g_get_monotonic_time() - begin >= account->give_up_after * G_USEC_PER_SEC / QUICK)
        sm_outage_note(ledger, account, fault);
    g_propagate_error(error, fault);
    return FALSE;
}

/* Copies the file's state to the event's row. */
static void
note_decision(const Announced *announced, SmLedger *ledger, const SmFile *file, const GError *fault)
{
    const char *decision = fault != NULL ? "waiting" : "done";
    const char *reason = file != NULL ? file->reason : "";

    if (announced->account == NULL)
        return;
    if (file != NULL)
        decision = sm_file_state_name(file->state);
    sm_event_decide(ledger, &announced->as, decision, fault != NULL ? fault->message : reason, NULL,
                    NULL);
}

static void
say_outcome(const Announced *announced, const SmFile *file, GLogLevelFlags level, const char *text)
{
    sm_outcome_say(file, announced->as.account, announced->as.name, level, text);
}

/* Counts from the name's row if there is no Received, or one whose clock is ahead. */
static gboolean
is_overdue(const SmEvent *event, const SmFile *file, guint defer_for)
{
    gint64 now = sm_ledger_now();

    if (event->received > 0 && event->received <= now)
        return sm_event_is_overdue(event, defer_for, now);
    return file != NULL && sm_event_has_waited(file->announced_at, defer_for, now);
}

/* A name without an account has no row for the worker: the event waits in the spool until the
 * configuration is fixed. */
static gboolean
leave_to_worker(const Announced *announced, GError **error)
{
    char *names[] = {(char *)announced->as.name, NULL};
    g_autoptr(SmEvent) event = NULL;

    if (announced->account != NULL)
        return TRUE;
    event = sm_event_copy(announced->as.event, names, 1);
    return sm_spool_put(announced->config->spool, event, error);
}

/* The exit code after fault; after defer_for it is 0, and the message is left to the worker. */
static int
answer(const Announced *announced, SmLedger *ledger, const SmFile *file, const GError *fault,
       guint defer_for)
{
    int code = sm_error_exit_code(fault, SM_ROLE_FILTER);
    g_autoptr(GError) trouble = NULL;
    g_autofree char *text = NULL;

    if (code == EX_OK || !is_overdue(announced->as.event, file, defer_for)) {
        if (announced->account != NULL) /* else it was reported as it was recorded */
            say_outcome(announced, file, G_LOG_LEVEL_WARNING, fault->message);
        return code;
    }
    if (!leave_to_worker(announced, &trouble)) {
        g_warning("%s; and %s", fault->message, trouble->message);
        return code;
    }
    text = g_strdup_printf("%s; deferred too long; left to scorefetch run", fault->message);
    say_outcome(announced, file, G_LOG_LEVEL_WARNING, text);
    if (!sm_alert_is_about_unknown(fault))
        sm_alert(ledger, announced->as.account, SM_ALERT_WAITING, fault->message);
    return EX_OK;
}

static int
settle_name(const Announced *announced, SmLedger *ledger, gint64 started, guint defer_for)
{
    g_auto(SmFetched) fetched = {0};
    g_autoptr(GError) fault = NULL;
    gint64 now = sm_ledger_now();

    if (announced->refusal != NULL || *announced->as.name == '\0')
        return EX_OK;
    if (act(announced, ledger, started, &fetched, &fault))
        say_outcome(announced, fetched.file, G_LOG_LEVEL_MESSAGE, fetched.outcome);
    note_decision(announced, ledger, fetched.file, fault);
    if (announced->account != NULL)
        sm_alert_outcome(ledger, announced->account, fetched.file, now, fault);
    return fault != NULL ? answer(announced, ledger, fetched.file, fault, defer_for) : EX_OK;
}

const SmAccount *
sm_delivery_only_account(const SmDelivery *delivery)
{
    const SmAccount *only = NULL;

    SM_EACH (const Announced, announced, delivery->announced) {
        if (announced->account == NULL || announced->account->fault != NULL ||
            (only != NULL && only != announced->account))
            return NULL;
        only = announced->account;
    }
    return only;
}

int
sm_delivery_act(const SmDelivery *delivery, SmLedger *ledger, guint defer_for)
{
    gint64 started = g_get_monotonic_time();
    int code = EX_OK;

    for (guint i = 0; i < delivery->announced->len; i++)
        if (settle_name(delivery->announced->pdata[i], ledger, started, defer_for) != EX_OK)
            code = EX_TEMPFAIL;
    return code;
}
