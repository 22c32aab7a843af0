/*
 * keep-events and keep-log in the ledger: records that nothing depends on any
 * more are deleted, a few at a time, so that no writer waits for long. What is
 * stored, and that it was, stays known however old it is.
 */
#pragma once

#include "fetch/ledger/ledger.h"

/* Times before which records go, seconds since 1970; 0: none does. */
typedef struct {
    gint64 events; /* last seen events, closed hand-overs, and alerts */
    gint64 log;
} SmExpiry;

enum { SM_EXPIRE_AT_MOST = 5000 /* rows of a table in one call */ };

/*
 * Deletes what is older than terms say, unless that was done within the last day.
 * *deleted: how many rows. SM_ERROR_LEDGER.
 */
gboolean sm_expire(SmLedger *ledger, const SmExpiry *terms, gint64 now, gint64 *deleted,
                   GError **error);
