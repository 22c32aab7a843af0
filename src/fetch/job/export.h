/* A file to somewhere else than the account's directory: the ledger logs it, and knows no more of
 * it. */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

/*
 * Fetches name to the file output (whole and synced, or not there; one that is
 * there is overwritten with fetch->force only) or, for "-", to standard output,
 * where only the exit code tells whether all of it came. Errors as sm_fetch(),
 * SM_ERROR_CONFLICT for a file that is there, SM_ERROR_IO for a closed pipe.
 */
gboolean sm_export(const SmJob *job, const char *name, const char *output, char **outcome,
                   GError **error);
