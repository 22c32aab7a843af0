/* Fetches a file to another place than the account's directory; the ledger only logs it. */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

/*
 * Fetches name to the file output, which is complete and synced, or absent; an existing one is
 * replaced only with job->force. For "-" to standard output, where only the exit code says whether
 * it is complete. Errors as sm_fetch(), SM_ERROR_CONFLICT for an existing file, SM_ERROR_IO for a
 * closed pipe.
 */
gboolean sm_export(const SmJob *job, const char *name, const char *output, char **outcome,
                   GError **error);
