/*
 * scorefetch run: the worker. What others left in the spool goes into the
 * ledger, what waits there and is due is fetched, and it ends. A timer starts
 * it again; several at once share the work.
 */
#include <sysexits.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/spool.h"
#include "common/event/wake.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/watch-config.h"
#include "fetch/alert/watch-mail.h"
#include "fetch/alert/watch-pull.h"
#include "fetch/alert/watch.h"
#include "fetch/commands/commands.h"
#include "fetch/job/fetch.h"
#include "fetch/job/lookup.h"
#include "fetch/job/on-stored.h"
#include "fetch/job/outcome.h"
#include "fetch/ledger/accounts.h"
#include "fetch/ledger/clock.h"
#include "fetch/ledger/events.h"
#include "fetch/ledger/expire.h"
#include "fetch/ledger/files.h"
#include "fetch/ledger/syncs.h"
#include "fetch/mail/heartbeat.h"
#include "fetch/mail/intake.h"
#include "fetch/rules/away.h"
#include "fetch/store/prune.h"
#include "fetch/store/sweep.h"
#include "fetch/sync/sync.h"

enum {
    ROUNDS_MAX = 100,      /* looks into the spool: what comes later, the next run takes */
    LISTED_BEFORE = 86400, /* seconds that a file may be listed before its message is read */
};

typedef struct {
    guint done;       /* stored, or settled otherwise */
    guint left;       /* tried, or not to be tried now; a later run can succeed */
    GHashTable *away; /* SmAway by the name of the account */
} Tally;

/* The account that file belongs to, if it can be worked for. */
static SmAccount *
account_of(const SmSession *session, const SmFile *file)
{
    SmAccount *account = sm_config_account(session->config, file->account);

    return account != NULL && account->enabled &&
                   (session->account == NULL || g_str_equal(session->account, account->name))
               ? account
               : NULL;
}

static gboolean
fetch(SmSession *session, const SmAccount *account, const char *name, gboolean away,
      SmFetched *fetched, GError **error)
{
    const SmJob job = {.ledger = session->ledger,
                       .account = account,
                       .role = SM_ROLE_FILTER,
                       .impatient = TRUE,
                       .offline = away};

    if (account->fault == NULL)
        return sm_event_reopen_failed(session->ledger, account->name, name, error) &&
               sm_fetch(&job, name, fetched, error);
    g_propagate_error(error, g_error_copy(account->fault));
    return FALSE;
}

/* Whether nothing more is asked for the account: the next run is soon enough for the rest. */
static SmAway *
away_of(const Tally *tally, const SmAccount *account)
{
    SmAway *away = g_hash_table_lookup(tally->away, account->name);

    if (away == NULL) {
        away = g_new0(SmAway, 1);
        g_hash_table_insert(tally->away, account->name, away);
    }
    return away;
}

static void
work_on(SmSession *session, const SmFile *due, Tally *tally)
{
    const SmAccount *account = account_of(session, due);
    g_auto(SmFetched) fetched = {0};
    g_autoptr(GError) fault = NULL;
    gint64 now = sm_ledger_now();
    SmAway *away;

    if (account == NULL)
        return;
    away = away_of(tally, account);
    if (fetch(session, account, due->name, away->away, &fetched, &fault)) {
        sm_outcome_say(fetched.file, due->account, due->name, G_LOG_LEVEL_MESSAGE, fetched.outcome);
        tally->done++;
    } else if (g_error_matches(fault, SM_ERROR, SM_ERROR_BUSY)) {
        g_info("%s", fault->message); /* another run, or a delivery, has it */
        return;
    } else if (away->away) {
        g_info("%s", fault->message);
        tally->left++;
        return;
    } else {
        gboolean final = sm_error_facts(fault)->retry == SM_RETRY_NEVER;

        sm_outcome_say(fetched.file != NULL ? fetched.file : due, due->account, due->name,
                       G_LOG_LEVEL_WARNING, fault->message);
        if (!final)
            sm_alert_waiting(session->ledger, due, session->config->defer_for, fault);
        tally->done += final;
        tally->left += !final;
    }
    if (fault != NULL || fetched.file->state == SM_FILE_STORED)
        sm_away_note(away, fault, 1);
    sm_alert_outcome(session->ledger, account, fetched.file, now, fault);
}

static gboolean
is_looked_after(const SmSession *session, const SmAccount *account)
{
    return account->enabled && account->fault == NULL &&
           (session->account == NULL || g_str_equal(session->account, account->name));
}

/* One listing for many names that the service may not know. */
static void
look_up(const SmSession *session, const Tally *tally)
{
    for (guint i = 0; i < session->config->accounts->len; i++) {
        const SmAccount *account = session->config->accounts->pdata[i];
        const SmJob job = {.ledger = session->ledger, .account = account, .role = SM_ROLE_FILTER};

        if (is_looked_after(session, account) && !away_of(tally, account)->away)
            sm_lookup_many(&job);
    }
}

static gboolean
work(SmSession *session, Tally *tally, GError **error)
{
    g_autoptr(GPtrArray) due = NULL;

    look_up(session, tally);
    due = sm_file_due(session->ledger, sm_ledger_now(), error);
    if (due == NULL)
        return FALSE;
    for (guint i = 0; i < due->len; i++)
        work_on(session, due->pdata[i], tally);
    return TRUE;
}

/* The FIFO first: a byte that comes after that belongs to an event that may come too late. */
static gboolean
take_over(const SmSession *session, int spool, SmIntake *intake, GError **error)
{
    if (session->account == NULL)
        sm_wake_drain(SM_SITE_WAKE);
    return sm_intake(session->ledger, session->config, spool, intake, error);
}

/* Until nothing new has come while the rest was fetched. */
static gboolean
work_through(SmSession *session, int spool, Tally *tally, GError **error)
{
    SmIntake intake = {0};

    for (int round = 0; round < ROUNDS_MAX; round++) {
        Tally this_round = {.away = tally->away};

        if (!take_over(session, spool, &intake, error))
            return FALSE;
        if (round > 0 && intake.taken == 0)
            break;
        if (!work(session, &this_round, error))
            return FALSE;
        tally->done += this_round.done;
        tally->left = this_round.left;
    }
    tally->left += intake.left;
    return TRUE;
}

/* What came while the account's files were listed, told and tidied. */
static gboolean
look_again(SmSession *session, int spool, Tally *tally, GError **error)
{
    Tally last = {.away = tally->away};
    SmIntake intake = {0};
    gboolean ok = take_over(session, spool, &intake, error) &&
                  (intake.taken == 0 || work_through(session, spool, &last, error));

    tally->done += last.done;
    tally->left += last.left;
    return ok;
}

/*
 * What to look back to in the listing that account is due, as --since has it:
 * as far as the last complete sync, or a day before the message that asked for it.
 * NULL: none is due. Caller frees.
 */
static char *
listing_due(SmSession *session, const SmAccount *account, GError **error)
{
    SmLedger *ledger = session->ledger;
    gint64 wanted = 0;
    SmSyncRecord record;

    if (!sm_account_listing_due(ledger, account->name, sm_ledger_now(), &wanted, error) ||
        !sm_sync_look(ledger, account->name, &record, error) || wanted == 0)
        return NULL;
    return record.synced == 0 ? sm_text_time_utc(wanted - LISTED_BEFORE) : g_strdup("last");
}

/* The listing that an unusable message asks for. */
static void
list_for(SmSession *session, SmAccount *account, Tally *tally)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *since = listing_due(session, account, &fault);
    const SmSyncOptions options = {
        .report = session->quiet ? NULL : &session->report, .since = since, .in_passing = TRUE};
    gboolean left = FALSE, interrupted;

    if (since != NULL)
        sm_sync(session->ledger, account, &options, &left, &interrupted, &fault);
    if (fault != NULL)
        g_warning("account %s: %s", account->name, fault->message);
    tally->left += fault != NULL || left;
}

static void
list_where_asked(SmSession *session, Tally *tally)
{
    for (guint i = 0; i < session->config->accounts->len; i++) {
        SmAccount *account = session->config->accounts->pdata[i];

        if (is_looked_after(session, account) && !away_of(tally, account)->away)
            list_for(session, account, tally);
    }
}

/* What keep-for asks for; that it cannot be done now keeps nobody from anything. */
static void
prune(SmSession *session, const SmAccount *account, Tally *tally)
{
    g_autoptr(GError) fault = NULL;
    SmPruned result = {0};

    if (!sm_prune(session->ledger, account, SM_PRUNE_WORKER, &result, &fault)) {
        g_warning("%s", fault->message);
        tally->left++;
    }
    sm_watch_prune(session->ledger, account->name, result.held);
    tally->done += result.pruned;
    g_free(result.held);
}

/* What keep-events and keep-log ask for, not on the word of a clock that jumped. */
static void
expire(SmSession *session, int spool)
{
    const SmConfig *config = session->config;
    gint64 now = sm_ledger_now(), deleted = 0;
    SmExpiry terms = {.events = config->keep_events > 0 ? now - config->keep_events : 0,
                      .log = config->keep_log > 0 ? now - config->keep_log : 0};
    g_autoptr(GError) fault = NULL;
    SmClock clock;

    if (sm_clock_look(session->ledger, now, &clock, &fault) &&
        sm_clock_note(session->ledger, now, &clock, &fault) &&
        (clock.since == 0 || now > clock.since + SM_CLOCK_GAP)) {
        sm_expire(session->ledger, &terms, now, &deleted, &fault);
        if (terms.events > 0)
            sm_intake_expire(spool, terms.events);
    }
    if (fault != NULL)
        g_warning("%s", fault->message);
    if (deleted > 0)
        g_info("deleted %" G_GINT64_FORMAT " old records of the ledger", deleted);
}

/* What is told and tidied for an account besides fetching its files, and missed where none come. */
static void
look_after(SmSession *session, Tally *tally)
{
    for (guint i = 0; i < session->config->accounts->len; i++) {
        const SmAccount *account = session->config->accounts->pdata[i];

        if (!is_looked_after(session, account))
            continue;
        tally->left += sm_on_stored(session->ledger, account, NULL, 0);
        prune(session, account, tally);
        sm_sweep(session->ledger, account);
        sm_watch_silence(session->ledger, account, sm_ledger_now());
        sm_watch_mail(session->ledger, account->name, sm_ledger_now());
    }
}

/* With --account for one of several, what is queued for the others has no worker in this. */
static gboolean
serves_all(const SmSession *session)
{
    for (guint i = 0; i < session->config->accounts->len; i++) {
        const SmAccount *account = session->config->accounts->pdata[i];

        if (session->account != NULL && account->enabled &&
            !g_str_equal(session->account, account->name))
            return FALSE;
    }
    return TRUE;
}

static gboolean
work_off(SmSession *session, Tally *tally, GError **error)
{
    sm_autofd int spool = -1;
    g_autoptr(SmHeartbeat) heartbeat = NULL;

    spool = sm_spool_open(session->config->spool, error);
    if (spool < 0)
        return FALSE;
    sm_session_enclose(session, sm_session_only_account(session), NULL);
    if (serves_all(session)) {
        heartbeat = sm_heartbeat_start(spool, session->config->worker_interval, error);
        if (heartbeat == NULL)
            return FALSE;
    }
    sm_watch_config(session->ledger, session->config, sm_ledger_now());
    sm_watch_pull(session->ledger, session->config->spool, sm_ledger_now());
    if (!work_through(session, spool, tally, error))
        return FALSE;
    if (heartbeat != NULL)
        sm_alert_clear(session->ledger, "", SM_ALERT_WORKER);
    list_where_asked(session, tally);
    look_after(session, tally);
    expire(session, spool);
    return look_again(session, spool, tally, error);
}

static int
run(SmSession *session, gpointer values, char **arguments, GError **error)
{
    g_autoptr(GHashTable) away = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    Tally tally = {.away = away};

    if (!work_off(session, &tally, error))
        return EX_OK;
    if (tally.done + tally.left > 0)
        g_message("%u done, %u left", tally.done, tally.left);
    else
        g_info("nothing to do");
    return tally.left > 0 ? EX_TEMPFAIL : EX_OK;
}

const SmCommand sm_command_run = {
    .name = "run",
    .summary = "The worker: take over queued events, fetch what is due, and end",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_ACCOUNT | SM_NEEDS_LEDGER | SM_NEEDS_DRAIN,
    .news_only = TRUE,
    .run = run,
};
