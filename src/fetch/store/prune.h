/*
 * keep-for: deletes stored files, and their older versions, after that time. Only known bytes are
 * deleted: a changed file stays, and so does a link's target.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

typedef enum {
    SM_PRUNE_WORKER, /* of files that were changed none is looked at twice a day */
    SM_PRUNE_PERSON,
    SM_PRUNE_SURE, /* a person who has said --yes: also what would be held, see SmPruned */
    SM_PRUNE_DRY,  /* nothing is deleted or recorded: what would be is printed */
} SmPruneMode;

typedef struct {
    guint pruned; /* files that are no longer there */
    guint kept;   /* files that stay: changed since, or on-stored was not told yet */
    /* A line that says why nothing was deleted although keep-for is over: the clock jumped, or all
     * files would go at once. Caller frees; NULL: nothing was held. */
    char *held;
} SmPruned;

/*
 * Works through what account has stored for longer than its keep-for, if it has
 * one. Names that another process is at work on wait for the next call. What
 * was done, and what could not be, is said and recorded name by name.
 * SM_ERROR_DIRECTORY, SM_ERROR_LEDGER.
 */
gboolean sm_prune(SmLedger *ledger, const SmAccount *account, SmPruneMode mode, SmPruned *result,
                  GError **error);
