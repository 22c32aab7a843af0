/*
 * One listing settles all names that the service may not know, in place of a call for each. Listed
 * names may be fetched at once, whatever the limits for unknown names.
 */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

/*
 * Looks up the waiting names of job->account in the service's listing, as far back as the oldest
 * needs, and records the result. *looked: FALSE if no name waits for that, or a look was tried
 * within the last minutes (SM_UNKNOWN_LISTING_PAUSE). Errors of the listing, SM_ERROR_LEDGER.
 */
gboolean sm_lookup(const SmJob *job, gboolean *looked, GError **error);

/* The same if it saves calls, since many names of the account are due; a failure is only logged. */
void sm_lookup_many(const SmJob *job);
