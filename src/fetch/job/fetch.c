#include "fetch/job/fetch.h"

#include "fetch/http/pace.h"
#include "fetch/job/attempt.h"
#include "fetch/job/decide.h"
#include "fetch/job/lookup.h"
#include "fetch/job/on-stored.h"
#include "fetch/rows/claim.h"
#include "fetch/rows/files.h"
#include "fetch/rows/updates.h"
#include "fetch/rules/policy.h"
#include "fetch/store/part.h"
#include "fetch/store/store.h"
#include "fetch/store/volume.h"

/* Removes the part of an earlier attempt; FALSE if that fails. */
static gboolean
clear_part(const SmFile *file, SmStore *store)
{
    g_autofree char *part = sm_part_name(file->name, file->part);

    return file->part == 0 || (store != NULL && sm_store_remove(store, part, NULL));
}

static gboolean
settle(const SmJob *job, SmFile *file, SmStore *store, const SmStep *step, char **outcome,
       GError **error)
{
    gboolean news = file->state != step->state || g_strcmp0(file->reason, step->text) != 0;

    if ((news || file->part != 0 || file->unanswered) &&
        !sm_file_settle(job->ledger, file,
                        &(SmSettling){step->state, step->text, 0, !clear_part(file, store)}, error))
        return FALSE;
    *outcome = sm_decide_describe(file);
    if (step->state != SM_FILE_FAILED)
        return TRUE;
    g_set_error_literal(error, SM_ERROR, SM_ERROR_GIVEN_UP, *outcome);
    g_clear_pointer(outcome, g_free);
    return FALSE;
}

static gboolean work(const SmJob *job, SmFetched *fetched, GError **error);

static gboolean
go(const SmJob *job, SmFetched *fetched, SmStore *store, const SmStep *step, GError **error)
{
    SmFile *file = fetched->file;
    g_autofree char *first = NULL;
    gint64 start = g_get_monotonic_time() + (gint64)step->pause * G_USEC_PER_SEC;

    if (step->pause > 0 && !sm_pace_sleep(job->shared != NULL ? job->shared->pace : NULL, start))
        return sm_pace_set_stopped(error);
    if (!sm_attempt(job, file, store, &first, error))
        return FALSE;
    /* A recovery may leave a later event unanswered. */
    if (file->state == SM_FILE_STORED && file->newest_event > file->stored.covers)
        return work(job, fetched, error);
    fetched->outcome = first != NULL ? g_steal_pointer(&first) : sm_decide_describe(file);
    return TRUE;
}

static gboolean
work(const SmJob *job, SmFetched *fetched, GError **error)
{
    SmFile *file = fetched->file;
    GError *fault = NULL;
    g_autoptr(SmStore) store = sm_store_open(job->account, &fault);
    g_autofree char *name = sm_file_stored_name(file->name, sm_account_encrypts(job->account));
    g_autofree char *obstacle = store != NULL ? sm_store_identity(store, name) : NULL;
    GError *refusal = NULL;
    SmStep step = sm_decide(job, file, obstacle, sm_ledger_now(), &refusal);
    gboolean ok = FALSE;

    switch (step.kind) {
    case SM_STEP_FETCH:
        if (job->offline) {
            sm_error_set(
                error, SM_ERROR_PAUSED,
                "%s: not asked for now, because the service failed a moment ago; the next try "
                "fetches it",
                file->name);
            break;
        }
        /* never fill a mount point without its share */
        if (store != NULL && !sm_volume_check(job->ledger, job->account, store, &fault))
            g_clear_pointer(&store, sm_store_close);
        if (store != NULL && job->shared != NULL)
            store->together = job->shared->directory;
        if (store == NULL)
            return sm_attempt_without_store(job, file, fault, error);
        return go(job, fetched, store, &step, error);
    case SM_STEP_DONE:
        fetched->outcome = g_steal_pointer(&step.text);
        fetched->was_done = TRUE;
        ok = !file->unanswered || sm_file_answered(job->ledger, file, error);
        break;
    case SM_STEP_SETTLE:
        ok = settle(job, file, store, &step, &fetched->outcome, error);
        break;
    case SM_STEP_ERROR:
        if (file->unanswered && sm_error_facts(refusal)->retry == SM_RETRY_NEVER)
            sm_file_answered(job->ledger, file, NULL);
        g_propagate_error(error, refusal);
        break;
    }
    g_free(step.text);
    g_clear_error(&fault);
    return ok;
}

/* Describes what another process did meanwhile. */
static gboolean
report_other(SmFetched *fetched, GError **error)
{
    const SmFile *file = fetched->file;

    fetched->was_done = TRUE;
    switch (file->state) {
    case SM_FILE_STORED:
    case SM_FILE_DROPPED:
    case SM_FILE_NOT_WANTED:
        fetched->outcome = sm_decide_describe(file);
        return TRUE;
    case SM_FILE_CONFLICT:
        return sm_error_set(error, SM_ERROR_CONFLICT, "%s: %s", file->name, file->reason);
    case SM_FILE_FAILED:
        if (!sm_file_has_failed(file))
            break;
        return sm_error_set(error, SM_ERROR_GIVEN_UP, "%s: %s", file->name, file->reason);
    case SM_FILE_WAITING:
    case SM_FILE_PLACING:
        break;
    }
    return sm_error_set(error, SM_ERROR_PAUSED, "%s: just tried by another process: %s", file->name,
                        file->reason);
}

void
sm_fetched_clear(SmFetched *fetched)
{
    g_clear_pointer(&fetched->file, sm_file_free);
    g_clear_pointer(&fetched->outcome, g_free);
}

/* Whether another worker, on this host or another, was faster. */
static gboolean
is_done_meanwhile(const SmJob *job, const SmFile *file, GError **error)
{
    if (job->due == NULL || file->settled == job->due->settled)
        return FALSE;
    sm_error_set(error, SM_ERROR_BUSY, "%s: another process was faster", file->name);
    return TRUE;
}

static gboolean
fetch(const SmJob *job, const char *name, SmFetched *fetched, GError **error)
{
    const char *account = job->account->name;
    SmClaim claim = {.ledger = job->ledger, .account = account, .name = name};
    gboolean ok = FALSE;

    claim.per_stem = job->account->format == SM_FORMAT_FIRST && sm_policy_is_pair(name);
    *fetched =
        (SmFetched){.file = sm_claim_take(&claim, job->impatient ? 0 : SM_CLAIM_WAIT, error)};
    if (fetched->file == NULL) {
        fetched->file = sm_file_load(job->ledger, account, name, NULL);
        return FALSE;
    }
    if (claim.settled_meanwhile && !(fetched->file->stored_at > 0 &&
                                     fetched->file->newest_event > fetched->file->stored.covers))
        ok = report_other(fetched, error);
    else if (!is_done_meanwhile(job, fetched->file, error))
        ok = work(job, fetched, error);
    sm_claim_drop(&claim);
    if (ok) /* also for files that a dead process has stored */
        sm_on_stored(job->ledger, job->account, name, job->deadline);
    if (job->shared != NULL)
        sm_crew_note_progress(job->shared->note);
    return ok;
}

/* Reads a listing after SM_ERROR_UNKNOWN; whether that makes another try worth it. */
static gboolean
look_up(const SmJob *job, const GError *fault)
{
    g_autoptr(GError) failure = NULL;
    gboolean looked = FALSE;

    if (job->offline || !g_error_matches(fault, SM_ERROR, SM_ERROR_UNKNOWN))
        return FALSE;
    if (!sm_lookup(job, &looked, &failure))
        g_info("account %s: %s", job->account->name, failure->message);
    return looked && failure == NULL;
}

gboolean
sm_fetch(const SmJob *job, const char *name, SmFetched *fetched, GError **error)
{
    GError *fault = NULL;

    if (job->account->fault != NULL) {
        *fetched = (SmFetched){sm_file_load(job->ledger, job->account->name, name, NULL)};
        return sm_error_pass(error, g_error_copy(job->account->fault));
    }
    if (fetch(job, name, fetched, &fault))
        return TRUE;
    if (look_up(job, fault)) {
        g_clear_error(&fault);
        sm_fetched_clear(fetched);
        return fetch(job, name, fetched, error);
    }
    return sm_error_pass(error, fault);
}
