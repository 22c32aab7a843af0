/*
 * The claim on a name: the byte lock of its row (and before it, under
 * format = first, that of the first row of its stem), taken for as long as one
 * process works on it. It dies with the process.
 */
#pragma once

#include <glib.h>

#include "fetch/rows/files.h"

enum { SM_CLAIM_WAIT = 30 }; /* seconds for the holder of a claim to end */

/* Of what; the rest is set by sm_claim_take(). */
typedef struct {
    SmLedger *ledger;
    const char *account, *name;
    gboolean per_stem;          /* the stem's claim too */
    gboolean settled_meanwhile; /* an attempt that ran while we waited has come to its end */
    gint64 bytes[2];            /* in the order in which they were taken; 0: none */
} SmClaim;

/*
 * Takes the claim, waiting up to wait seconds for its holder. The row as it is
 * now, which the caller frees; NULL: SM_ERROR_BUSY, SM_ERROR_LEDGER, or
 * SM_ERROR_NOT_FOUND where the name is not in the ledger.
 */
SmFile *sm_claim_take(SmClaim *claim, guint wait, GError **error);

/* Gives the claim back. */
void sm_claim_drop(SmClaim *claim);
