#include "fetch/sync/run.h"

#include "common/base/error.h"
#include "fetch/alert/alert.h"
#include "fetch/http/pace.h"
#include "fetch/job/fetch.h"
#include "fetch/job/outcome.h"
#include "fetch/notes/outage.h"
#include "fetch/rules/away.h"

enum { FINISHING = 20 /* files that wait for the disk, beside those that transfer */ };

/* What the threads have in common, under the lock. */
typedef struct {
    const SmSyncTeam *team;
    GPtrArray *jobs;
    GMutex lock;
    guint next;
    GQueue met; /* of SmSyncJob: another process was at work on them; they are last */
    SmAway away;
} Run;

typedef struct {
    Run *run;
    SmLedger *ledger; /* with the thread's own locks */
    SmShared shared;
    gboolean begun; /* see sm_pace_begin_file() */
    GThread *thread;
} Worker;

SmSyncJob *
sm_sync_job_new(const SmListed *listed, const SmFile *file)
{
    SmSyncJob *job = g_new0(SmSyncJob, 1);

    job->listed = listed;
    job->is_new = file == NULL;
    job->revision = file != NULL && file->stored_at > 0 ? file->revision : -1;
    return job;
}

void
sm_sync_job_free(SmSyncJob *job)
{
    g_free(job->text);
    g_free(job);
}

/* Under the lock. *impatient: that another process may be at work on it is no reason to wait yet.
 */
static SmSyncJob *
next_job(Run *run, gboolean *impatient)
{
    *impatient = run->next < run->jobs->len;
    if (run->away.away || (run->team->until != 0 && g_get_monotonic_time() >= run->team->until) ||
        sm_pace_has_stopped(run->team->shared->pace))
        return NULL;
    return *impatient ? run->jobs->pdata[run->next++] : g_queue_pop_head(&run->met);
}

/* A file is chosen once one may be: until then it is nobody's, and by then it is known what has
 * failed meanwhile. */
static SmSyncJob *
take(Worker *worker, gboolean *impatient)
{
    Run *run = worker->run;
    SmSyncJob *job;

    sm_pace_begin_file(worker->shared.pace, &worker->begun);
    g_mutex_lock(&run->lock);
    job = next_job(run, impatient);
    g_mutex_unlock(&run->lock);
    if (job == NULL)
        sm_pace_end_file(worker->shared.pace, &worker->begun);
    return job;
}

static void
put_off(Run *run, SmSyncJob *job)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&run->lock);

    g_queue_push_tail(&run->met, job);
}

/* fault: NULL for a success. */
static void
note_end(Worker *worker, const GError *fault)
{
    Run *run = worker->run;
    const SmAccount *account = run->team->account;
    gboolean away, before;

    g_mutex_lock(&run->lock);
    before = run->away.away;
    sm_away_note(&run->away, fault, account->parallel);
    away = run->away.away;
    g_mutex_unlock(&run->lock);
    if (fault == NULL)
        sm_outage_over(worker->ledger, account);
    else if (away && !before)
        sm_outage_note(worker->ledger, account, fault);
}

static SmSyncResult
result_of(const SmSyncJob *job, const SmFetched *fetched)
{
    const SmFile *file = fetched->file;

    if (file->state != SM_FILE_STORED)
        return SM_SYNC_DROPPED;
    if (job->revision >= file->revision)
        return SM_SYNC_UNCHANGED;
    if (fetched->was_done)
        return SM_SYNC_OTHERS;
    return job->revision < 0 ? SM_SYNC_STORED : SM_SYNC_CORRECTED;
}

static void
succeed(Worker *worker, SmSyncJob *job, const SmFetched *fetched, gint64 started)
{
    const SmAccount *account = worker->run->team->account;
    const SmFile *file = fetched->file;

    job->result = result_of(job, fetched);
    sm_alert_outcome(worker->ledger, account, file, started, NULL);
    if (job->result == SM_SYNC_DROPPED)
        job->text = g_strdup(file->reason);
    if (job->result == SM_SYNC_STORED || job->result == SM_SYNC_CORRECTED)
        sm_outcome_say(file, account->name, file->name, G_LOG_LEVEL_MESSAGE, fetched->outcome);
    else
        g_info("%s", fetched->outcome);
    if (file->state == SM_FILE_STORED && sm_listing_records_differ(file))
        g_info("%s: %" G_GINT64_FORMAT " rows, but the listing says %" G_GINT64_FORMAT " records",
               file->name, file->stored.records, file->listed.records);
}

static void
fail(Worker *worker, SmSyncJob *job, const SmFile *file, gint64 started, const GError *fault)
{
    const SmSyncTeam *team = worker->run->team;
    const SmAccount *account = team->account;
    gboolean final = sm_error_facts(fault)->retry == SM_RETRY_NEVER;

    job->text = g_strdup(fault->message);
    if (sm_pace_has_stopped(worker->run->team->shared->pace)) {
        g_info("%s", fault->message); /* the end of the run, which the summary tells */
        return;
    }
    if (final && file != NULL && file->updated_at < started) {
        job->result = SM_SYNC_FAILED;
        g_info("%s", fault->message); /* said when it came to be so */
        return;
    }
    sm_outcome_say(file, account->name, job->listed->name, G_LOG_LEVEL_WARNING, fault->message);
    sm_alert_outcome(worker->ledger, account, file, 0, fault);
    if (!final)
        sm_alert_waiting(worker->ledger, file, team->defer_for, fault);
}

static void
work_on(Worker *worker, SmSyncJob *job, gboolean impatient)
{
    Run *run = worker->run;
    SmJob fetch = {.ledger = worker->ledger,
                   .account = run->team->account,
                   .role = SM_ROLE_FILTER,
                   .impatient = impatient,
                   .listed = job->listed,
                   .shared = &worker->shared};
    gint64 started = sm_ledger_now();
    g_auto(SmFetched) fetched = {0};
    g_autoptr(GError) fault = NULL;

    if (sm_fetch(&fetch, job->listed->name, &fetched, &fault)) {
        succeed(worker, job, &fetched, started);
    } else if (impatient && g_error_matches(fault, SM_ERROR, SM_ERROR_BUSY)) {
        put_off(run, job);
        return;
    } else {
        fail(worker, job, fetched.file, started, fault);
    }
    if (fault != NULL || fetched.file->state == SM_FILE_STORED)
        note_end(worker, fault);
}

static gpointer
work(gpointer data)
{
    Worker *worker = data;
    gboolean impatient;
    SmSyncJob *job;

    while ((job = take(worker, &impatient)) != NULL) {
        work_on(worker, job, impatient);
        sm_pace_end_file(worker->shared.pace, &worker->begun);
    }
    return NULL;
}

/* As many workers as get a ledger and a thread; fewer than were wanted do it, too. */
static guint
start_workers(Run *run, Worker *workers, guint wanted, GError **error)
{
    const SmSyncTeam *team = run->team;
    guint count;

    for (count = 0; count < wanted; count++) {
        Worker *worker = &workers[count];

        worker->run = run;
        worker->shared = *team->shared;
        worker->shared.begun = &worker->begun;
        worker->ledger = sm_ledger_share(team->ledger, team->shared->ledger, error);
        if (worker->ledger != NULL) {
            worker->ledger->hooks_off = team->ledger->hooks_off;
            worker->thread = g_thread_try_new("sync", work, worker, error);
        }
        if (worker->thread == NULL) {
            g_clear_pointer(&worker->ledger, sm_ledger_close);
            break;
        }
    }
    return count;
}

/* One sync of the disk serves all that wait for it: the more wait, the fewer it takes. A server
 * writes for all of its sessions, of which each thread has one. */
static guint
count_workers(const SmSyncTeam *team)
{
    guint parallel = team->account->parallel;

    return sm_db_is_server(team->ledger->db) ? parallel * 2 : parallel + FINISHING;
}

gboolean
sm_sync_run(const SmSyncTeam *team, GPtrArray *jobs, GError **error)
{
    Run run = {.team = team, .jobs = jobs};
    guint wanted = MIN(count_workers(team), jobs->len);
    g_autofree Worker *workers = g_new0(Worker, wanted);
    GError *fault = NULL;
    guint count;

    g_mutex_init(&run.lock);
    g_queue_init(&run.met);
    count = start_workers(&run, workers, wanted, &fault);
    for (guint i = 0; i < count; i++) {
        g_thread_join(workers[i].thread);
        team->ledger->hooks_off |= workers[i].ledger->hooks_off;
        sm_ledger_close(workers[i].ledger);
    }
    sm_db_defer(team->ledger->db, FALSE);
    g_queue_clear(&run.met);
    g_mutex_clear(&run.lock);
    if (count > 0)
        g_clear_error(&fault);
    return sm_error_pass(error, fault);
}
