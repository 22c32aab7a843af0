/*
 * One attempt at a name under its claim: finishes or removes what a dead process left, downloads,
 * places and records the file, and records a failure with the time of the next attempt.
 */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"
#include "fetch/store/store.h"

/*
 * store: the open destination. As sm_fetch(); file's fence is raised by this
 * call, and file is what the row is afterwards. Errors of download.h and place.h,
 * SM_ERROR_CONFLICT.
 */
gboolean sm_attempt(const SmJob *job, SmFile *file, SmStore *store, char **outcome, GError **error);

/* The same for a destination that cannot be opened: records fault and passes it on. Sets fault;
 * SM_ERROR_LEDGER where it cannot be recorded. */
gboolean sm_attempt_without_store(const SmJob *job, SmFile *file, GError *fault, GError **error);
