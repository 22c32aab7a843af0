/*
 * One listing settles all names that the service may not know: a call instead of one for each.
 * What it names may be fetched at once, whatever the limits for unknown names are.
 */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

/*
 * Looks for the waiting names of job->account in the service's listing, as far back as the oldest
 * needs it, and notes of each what it says. *looked: FALSE where nothing waits so, or another look
 * was tried within the last minutes (SM_UNKNOWN_LISTING_PAUSE). Errors: those of the listing,
 * SM_ERROR_LEDGER.
 */
gboolean sm_lookup(const SmJob *job, gboolean *looked, GError **error);

/* The same where so many names of the account are due that it saves calls; its failure is only
 * logged. */
void sm_lookup_many(const SmJob *job);
