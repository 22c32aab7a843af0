/*
 * scorefetch run: the worker. What others left in the spool goes into the
 * ledger, what waits there and is due is fetched, and it ends. A timer starts
 * it again; several at once share the work. The worker itself touches no store
 * and calls nobody: whatever can hang, hangs in an account's own process.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/base/cleanup.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/spool.h"
#include "common/event/wake.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/alert/watch.h"
#include "fetch/commands/commands.h"
#include "fetch/job/fetch.h"
#include "fetch/job/lookup.h"
#include "fetch/job/on-stored.h"
#include "fetch/job/outcome.h"
#include "fetch/mail/intake.h"
#include "fetch/notes/accounts.h"
#include "fetch/notes/clock.h"
#include "fetch/notes/hosts.h"
#include "fetch/notes/outage.h"
#include "fetch/notes/syncs.h"
#include "fetch/report/send.h"
#include "fetch/rows/events.h"
#include "fetch/rows/expire.h"
#include "fetch/rows/files.h"
#include "fetch/rules/away.h"
#include "fetch/session/turns.h"
#include "fetch/store/fs.h"
#include "fetch/store/prune.h"
#include "fetch/store/sweep.h"
#include "fetch/sync/sync.h"

enum {
    LOOKS_MAX = 100,       /* that take events: what comes later, the next run takes */
    LOOK_US = 1000 * 1000, /* between two looks into the spool */
    BEATS = 4,             /* looks in each worker-interval, at least */
    LISTED_BEFORE = 86400, /* seconds that a file may be listed before its message is read */
};

typedef struct {
    guint done; /* stored, or settled otherwise */
    guint left; /* tried, or not to be tried now; a later run can succeed */
    SmShared shared;
    gint failed_host; /* see SmShared */
    SmAway away; /* whether nothing more is asked for: the next run is soon enough for the rest */
} Tally;

/* Also where another account's process has just found that the service fails. */
static gboolean
is_away(const SmSession *session, const SmAccount *account, const Tally *tally)
{
    return tally->away.away || sm_outage_since(session->ledger, account, session->round_at, 2);
}

static void
note_end(SmSession *session, const SmAccount *account, Tally *tally, const GError *fault)
{
    sm_away_note(&tally->away, fault, 1);
    if (fault == NULL)
        sm_outage_over(session->ledger, account);
    else
        sm_outage_note(session->ledger, account, fault);
}

static void
work_on(SmSession *session, const SmAccount *account, const SmFile *due, Tally *tally)
{
    const SmJob job = {.ledger = session->ledger,
                       .account = account,
                       .role = SM_ROLE_FILTER,
                       .impatient = TRUE,
                       .offline = is_away(session, account, tally),
                       .due = due,
                       .shared = &tally->shared};
    g_auto(SmFetched) fetched = {0};
    g_autoptr(GError) fault = NULL;
    gint64 now = sm_ledger_now();

    if (sm_event_reopen_failed(session->ledger, account->name, due->name, &fault) &&
        sm_fetch(&job, due->name, &fetched, &fault)) {
        sm_outcome_say(fetched.file, due->account, due->name, G_LOG_LEVEL_MESSAGE, fetched.outcome);
        tally->done++;
    } else if (g_error_matches(fault, SM_ERROR, SM_ERROR_BUSY)) {
        g_info("%s", fault->message); /* another run, or a delivery, has it */
        return;
    } else if (job.offline) {
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
        note_end(session, account, tally, fault);
    sm_alert_outcome(session->ledger, account, fetched.file, now, fault);
}

static gboolean
work(SmSession *session, const SmAccount *account, Tally *tally, GError **error)
{
    const SmJob job = {.ledger = session->ledger,
                       .account = account,
                       .role = SM_ROLE_FILTER,
                       .shared = &tally->shared};
    g_autoptr(GPtrArray) due = NULL;

    if (account->fault == NULL && !is_away(session, account, tally))
        sm_lookup_many(&job); /* one listing for many names that the service may not know */
    due = sm_file_due(session->ledger, account->name, sm_ledger_now(), error);
    if (due == NULL)
        return FALSE;
    for (guint i = 0; i < due->len; i++) {
        if (session->turn_end != 0 && g_get_monotonic_time() >= session->turn_end) {
            g_info("account %s: %u files left for the next run, since others wait", account->name,
                   due->len - i);
            tally->left += due->len - i;
            break;
        }
        work_on(session, account, due->pdata[i], tally);
    }
    return TRUE;
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
    const SmSyncOptions options = {.since = since,
                                   .in_passing = TRUE,
                                   .note = session->note,
                                   .until = session->turn_end,
                                   .round_at = session->round_at};
    gboolean left = FALSE, interrupted;

    if (since != NULL)
        sm_sync(session->ledger, account, &options, &left, &interrupted, &fault);
    if (fault != NULL)
        g_warning("account %s: %s", account->name, fault->message);
    tally->left += fault != NULL || left;
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
    sm_alert_watch(session->ledger, account->name, SM_ALERT_PRUNE, result.held, sm_ledger_now());
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
look_after(SmSession *session, SmAccount *account, Tally *tally)
{
    gint64 hooks_end = g_get_monotonic_time() + account->on_stored_limit * G_USEC_PER_SEC;

    if (!is_away(session, account, tally))
        list_for(session, account, tally);
    sm_crew_note_progress(session->note);
    tally->left += sm_on_stored(session->ledger, account, NULL, hooks_end);
    sm_crew_note_progress(session->note);
    prune(session, account, tally);
    sm_sweep(session->ledger, account);
    sm_watch_silence(session->ledger, account, sm_ledger_now());
    sm_watch_mail(session->ledger, account->name, sm_ledger_now());
}

/* All that is to be done for one account, in a process of its own. */
static int
serve(SmSession *session, SmAccount *account, gpointer data)
{
    Tally tally = {.shared = {.note = session->note}};
    GError *fault = NULL;

    tally.shared.failed_host = &tally.failed_host;
    if (!work(session, account, &tally, &fault))
        tally.left++;
    else if (account->fault == NULL)
        look_after(session, account, &tally);
    session->note->done = tally.done;
    session->note->left = tally.left;
    return fault != NULL ? sm_session_exit(session, fault) : EX_OK;
}

/* The worker itself: it looks through the spool, and starts the processes. */
typedef struct {
    SmSession *session;
    SmTurns *turns;
    int spool;
    gboolean serves_all; /* with --account for one of several, others' events have no worker here */
    gint64 looked_at;    /* monotonic time */
    guint looks;         /* that took events */
    guint left;          /* events that could not be taken */
} Worker;

static gboolean
is_served(const SmSession *session, const SmAccount *account)
{
    return account->enabled &&
           (session->account == NULL || g_str_equal(session->account, account->name));
}

static gboolean
serves_all(const SmSession *session)
{
    SM_EACH (const SmAccount, account, session->config->accounts)
        if (account->enabled && !is_served(session, account))
            return FALSE;
    return TRUE;
}

/* urgent: before those that wait. account may be NULL. */
static void
want(Worker *worker, SmAccount *account, gboolean urgent)
{
    if (account != NULL && is_served(worker->session, account))
        sm_turns_want(worker->turns, account, urgent);
}

/* Of this boot, init and spool: containers on one kernel share the boot, those made of one image
 * the spool's times, and those without an init of their own have a spool each. */
static void
identify(const Worker *worker, SmHost *own)
{
    struct statx spool = {0};
    g_autofree char *text = NULL;
    g_autofree char *hash = NULL;

    statx(worker->spool, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &spool);
    text = g_strdup_printf("%s %" G_GINT64_FORMAT " %ju %jd.%09u", sm_fs_boot_id(),
                           sm_process_begun(1), (uintmax_t)spool.stx_ino,
                           (intmax_t)spool.stx_btime.tv_sec, (guint)spool.stx_btime.tv_nsec);
    hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_strlcpy(own->boot, hash, sizeof own->boot);
}

/* Shows deliveries on this host, and other hosts, that this worker is at work. kept: see
 * sm_spool_beat(). */
static gboolean
beat(const Worker *worker, const char *kept, GError **error)
{
    const SmConfig *config = worker->session->config;
    SmLedger *ledger = worker->session->ledger;
    gint64 now = sm_ledger_now();
    SmHost own = {.interval = config->worker_interval, .spooled = sm_spool_count(config->spool)};

    identify(worker, &own);
    if (!sm_spool_beat(worker->spool, kept, error) || !sm_hosts_beat(ledger, &own, now, error))
        return FALSE;
    sm_watch_worker_lives(ledger, now);
    return TRUE;
}

/* Takes over what came, and shows by a beat that it does. */
static gboolean
look(Worker *worker, GError **error)
{
    SmSession *session = worker->session;
    g_autoptr(GPtrArray) accounts = g_ptr_array_new();
    g_autoptr(GString) kept = g_string_new(NULL);
    SmIntake intake = {.accounts = accounts, .kept = kept};

    /* first: a byte that comes after that belongs to an event that may come too late */
    if (session->account == NULL)
        sm_wake_drain(SM_SITE_WAKE);
    if (!sm_session_open_ledger(session, SM_LEDGER_CREATE, error) ||
        !sm_intake(session->ledger, session->config, worker->spool, &intake, error) ||
        (worker->serves_all && !beat(worker, kept->str, error)))
        return FALSE;
    worker->looked_at = g_get_monotonic_time();
    worker->looks += intake.taken > 0;
    worker->left = intake.left;
    SM_EACH (SmAccount, account, accounts)
        want(worker, account, TRUE);
    return TRUE;
}

/* Everybody has a turn in each run; whoever has files waiting, first. */
static gboolean
want_all(Worker *worker, GError **error)
{
    const SmConfig *config = worker->session->config;
    g_autoptr(GPtrArray) due =
        sm_file_due_accounts(worker->session->ledger, sm_ledger_now(), error);

    if (due == NULL)
        return FALSE;
    SM_EACH (const char, name, due)
        want(worker, sm_config_account(config, name), FALSE);
    SM_EACH (SmAccount, account, config->accounts)
        want(worker, account, FALSE);
    return TRUE;
}

static gboolean
is_time_to_look(const Worker *worker)
{
    const SmConfig *config = worker->session->config;
    gint64 since = g_get_monotonic_time() - worker->looked_at;

    return !sm_turns_were_stopped(worker->turns) &&
           (since > config->worker_interval * G_USEC_PER_SEC / BEATS ||
            (worker->looks < LOOKS_MAX && sm_spool_count(config->spool) > worker->left));
}

/* Until nothing new has come while the rest was fetched. What fails here does not stop those who
 * are at work. */
static gboolean
work_through(Worker *worker, GError **error)
{
    gboolean ok = TRUE;

    while (sm_turns_go(worker->turns, g_get_monotonic_time() + LOOK_US) ||
           (ok && is_time_to_look(worker)))
        if (ok && is_time_to_look(worker))
            ok = look(worker, error);
    return ok;
}

static gboolean
work_off(Worker *worker, GError **error)
{
    SmSession *session = worker->session;

    if (worker->serves_all && !sm_spool_beat(worker->spool, NULL, error))
        return FALSE;
    sm_watch_config(session->ledger, session->config, sm_ledger_now());
    sm_watch_pull(session->ledger, session->config->spool, sm_ledger_now());
    if (!look(worker, error) || !want_all(worker, error) || !work_through(worker, error) ||
        !sm_session_open_ledger(session, SM_LEDGER_CREATE, error))
        return FALSE;
    expire(session, worker->spool);
    if (session->alerts && worker->serves_all)
        sm_report_send(session->config, session->ledger);
    return TRUE;
}

static int
run(SmSession *session, gpointer values, char **arguments, GError **error)
{
    sm_autofd int spool = sm_spool_open(session->config->spool, error);
    g_autoptr(SmTurns) turns = NULL;
    Worker worker = {.session = session, .spool = spool, .serves_all = serves_all(session)};
    guint done, left;

    if (spool < 0)
        return EX_OK;
    worker.turns = turns =
        sm_turns_new(session, session->config->parallel_accounts, serve, NULL, error);
    if (turns == NULL || !work_off(&worker, error))
        return EX_OK;
    sm_turns_count(turns, &done, &left);
    left += worker.left;
    if (done + left > 0)
        g_message("%u done, %u left", done, left);
    else
        g_info("nothing to do");
    return left > 0 || sm_turns_were_stopped(turns) ? EX_TEMPFAIL : EX_OK;
}

const SmCommand sm_command_run = {
    .name = "run",
    .summary = "The worker: take over queued events, fetch what is due, and end",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_ACCOUNT | SM_NEEDS_LEDGER | SM_NEEDS_DRAIN,
    .news_only = TRUE,
    .run = run,
};
