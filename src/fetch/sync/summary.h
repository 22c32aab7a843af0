/* The summary of a sync. */
#pragma once

#include "fetch/sync/plan.h"

/*
 * "12 listed, 4 new: 2 stored, 1 dropped (format = csv), 1 left: NAME: reason";
 * *left: whether any file is. Caller frees.
 */
char *sm_sync_summary(const SmSyncPlan *plan, gboolean *left);
