#include "fetch/sync/plan.h"

#include <string.h>

#include "fetch/rules/policy.h"
#include "fetch/sync/run.h"

enum { PIECE = 500 /* files a transaction: other processes wait meanwhile */ };

void
sm_sync_plan_free(SmSyncPlan *plan)
{
    if (plan == NULL)
        return;
    g_ptr_array_unref(plan->jobs);
    g_free(plan);
}

/* Whether policy still decides as recorded, so that there is nothing to record. */
static gboolean
is_still_unwanted(const SmAccount *account, const SmListed *listed, const SmFile *file)
{
    g_autofree char *why = NULL;

    if (file->state != SM_FILE_DROPPED && file->state != SM_FILE_NOT_WANTED)
        return FALSE;
    if (!sm_policy_wants_type((const char *const *)account->file_types, listed->type, &why))
        return file->state == SM_FILE_NOT_WANTED && strcmp(why, file->reason) == 0;
    if (account->format == SM_FORMAT_FIRST && sm_policy_is_pair(file->name))
        return FALSE; /* what became of its sibling tells, under the claim */
    return sm_policy_decide(account->format, (const char *const *)account->extensions, file->name,
                            SM_SIBLING_NONE, &why) != SM_DECISION_FETCH &&
           strcmp(why, file->reason) == 0;
}

static gboolean
is_settled(const SmAccount *account, const SmListed *listed, const SmListedRow *row)
{
    const SmFile *file = row->file;

    if (file == NULL || row->changed)
        return FALSE;
    if (file->state == SM_FILE_STORED)
        return file->newest_event <= file->stored.covers;
    return sm_listing_is_known(file) || is_still_unwanted(account, listed, file);
}

/* What a plan is made of, and whether the ledger learns of it. */
typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    const SmListing *listing;
    gboolean record;
    SmCrewNote *note;
} Source;

static gboolean
add(SmSyncPlan *plan, const Source *source, const SmListed *listed, GError **error)
{
    const char *account = source->account->name;
    g_auto(SmListedRow) row = {0};

    if (!sm_listing_look(source->ledger, account, listed, &row, error) ||
        (source->record && !sm_listing_note(source->ledger, account, listed, &row, error)))
        return FALSE;
    plan->listed++;
    plan->added += row.file == NULL;
    sm_crew_note_progress(source->note);
    if (!is_settled(source->account, listed, &row))
        g_ptr_array_add(plan->jobs, sm_sync_job_new(listed, row.file));
    return TRUE;
}

static gboolean
add_piece(SmSyncPlan *plan, const Source *source, guint begin, GError **error)
{
    const GPtrArray *files = source->listing->files;
    guint end = MIN(begin + PIECE, files->len);
    gboolean ok = !source->record || sm_db_begin(source->ledger->db, source->account->name, error);

    for (guint i = begin; ok && i < end; i++)
        ok = add(plan, source, files->pdata[i], error);
    return source->record ? sm_db_end(source->ledger->db, ok, error) : ok;
}

SmSyncPlan *
sm_sync_plan_new(SmLedger *ledger, const SmAccount *account, const SmListing *listing,
                 gboolean record, SmCrewNote *note, GError **error)
{
    const Source source = {ledger, account, listing, record, note};
    g_autoptr(SmSyncPlan) plan = g_new0(SmSyncPlan, 1);

    plan->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)sm_sync_job_free);
    for (guint i = 0; i < listing->files->len; i += PIECE)
        if (!add_piece(plan, &source, i, error))
            return NULL;
    return g_steal_pointer(&plan);
}
