/*
 * What decision, attempt and download of one file share: for whom it is, and how
 * it is to be gone about.
 */
#pragma once

#include <glib.h>

#include "common/base/error.h"
#include "common/config/config.h"
#include "fetch/http/shared.h"
#include "fetch/rows/files.h"
#include "fetch/rules/listing.h"

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    SmRole role;        /* a person's request goes before policy and pauses */
    gboolean force;     /* even if it is stored: look again, whatever the ledger says */
    gboolean impatient; /* not to wait for another process that is at work on it */
    gboolean offline; /* decides, but calls nobody: SM_ERROR_PAUSED where a file would be fetched */
    gint64 deadline;  /* monotonic time of the run's end, microseconds; 0: none */
    const SmFile *due; /* the row as it was when it was chosen: SM_ERROR_BUSY where another process
                          has settled it since; NULL: it does not matter */
    const SmListed *listed; /* what the listing has just said of it; NULL: it was not asked */
    const SmShared *shared; /* with other fetches; NULL: nothing */
} SmJob;
