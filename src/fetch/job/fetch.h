/*
 * This room does one job, a name, from the decision to the row: claim, decide, download,
 * place, record, hook.
 *
 * One name, from announced to stored: claim, decision, recovery of what a dead
 * process left, download, placing, record. Everything that fetches goes through
 * here; what differs is in SmFetch.
 */
#pragma once

#include <glib.h>

#include "common/base/error.h"
#include "common/config/config.h"
#include "fetch/http/shared.h"
#include "fetch/ledger/ledger.h"
#include "fetch/rules/listing.h"

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    SmRole role;        /* a person's request goes before policy and pauses */
    gboolean force;     /* even if it is stored: look again, whatever the ledger says */
    gboolean impatient; /* not to wait for another process that is at work on it */
    gboolean offline; /* decides, but calls nobody: SM_ERROR_PAUSED where a file would be fetched */
    gint64 deadline;  /* monotonic time of the run's end, microseconds; 0: none */
    const SmListed *listed; /* what the listing has just said of it; NULL: it was not asked */
    const SmShared *shared; /* with other fetches; NULL: nothing */
} SmFetch;

/*
 * Takes name, whose row is in the ledger, as far as it goes. TRUE with
 * *outcome, a line for people ("stored ...", "dropped ..."), when nothing is left
 * to do; else an error, which is recorded where it is the name's own.
 * SM_ERROR_PAUSED: not now; SM_ERROR_BUSY: another process is at work on it;
 * SM_ERROR_CONFLICT, SM_ERROR_GIVEN_UP: only a person can mend it.
 * Caller frees *outcome. on-stored is told then; that it fails changes nothing.
 */
gboolean sm_fetch(const SmFetch *fetch, const char *name, char **outcome, GError **error);
