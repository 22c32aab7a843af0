/*
 * What decision, attempt and download of one file share: who wants it, and how to get it.
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
    SmRole role;        /* a person's request ignores policy and pauses */
    gboolean force;     /* fetch again even if it is stored */
    gboolean impatient; /* do not wait for another process that works on it */
    gboolean offline;   /* decide, but call nobody: SM_ERROR_PAUSED for a file to fetch */
    gint64 deadline;    /* monotonic time of the run's end, microseconds; 0: none */
    const SmFile *due;  /* the row when it was chosen: SM_ERROR_BUSY if another process has settled
                           it since; NULL: no matter */
    const SmListed *listed; /* what the listing has just said; NULL: nobody asked */
    const SmShared *shared; /* with other fetches; NULL: none */
} SmJob;
