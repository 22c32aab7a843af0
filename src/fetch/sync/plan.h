/* The plan of a sync: compares a listing with the ledger, and records it or only looks. */
#pragma once

#include "common/config/config.h"
#include "fetch/host/crew.h"
#include "fetch/queries/listing.h"

typedef struct {
    GPtrArray *jobs;     /* of SmSyncJob, for the names that are not settled */
    guint listed, added; /* files in the listing; of these, unknown to the ledger until now */
} SmSyncPlan;

/* Goes through the listing, which must outlive the plan. record: notes in the ledger what it says.
 * Each file of the listing is progress for note, which may be NULL. SM_ERROR_LEDGER.
 */
SmSyncPlan *sm_sync_plan_new(SmLedger *ledger, const SmAccount *account, const SmListing *listing,
                             gboolean record, SmCrewNote *note, GError **error);

/* Frees plan; NULL is allowed. */
void sm_sync_plan_free(SmSyncPlan *plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSyncPlan, sm_sync_plan_free)
