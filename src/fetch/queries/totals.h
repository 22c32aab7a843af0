/*
 * This room reads the ledger for people: totals, lists of files, the course of days, the log.
 *
 * How an account stands in numbers: what counters and a few indexed rows say. It
 * costs the same however many files and events the ledger has.
 */
#pragma once

#include "fetch/rows/files.h"

/* Times are seconds since 1970; 0: never. */
typedef struct {
    gint64 mail_at;   /* the last message that announced something new */
    gint64 stored_at; /* the last file */
    gint64 synced_at; /* when the last sync began that left nothing */
    gint64 sync_tried_at;
    char *sync_outcome; /* of the last one that ended; may be "" */

    gint64 files[SM_FILE_N_STATES]; /* how many are in each state now */
    gint64 overdue; /* of those that wait: announced before a time, or as far ahead of now */

    /* Counters that only grow; days are those of UTC, today included. */
    gint64 stored_today, stored_week, stored_ever; /* new and corrected files */
    gint64 announced_ever;
} SmTotals;

/*
 * Reads the totals at the time now of the accounts in by_name (name -> SmTotals,
 * which are filled in). overdue_before: see SmTotals. The caller reads it all in one
 * transaction. SM_ERROR_LEDGER.
 */
gboolean sm_totals_read(SmLedger *ledger, GHashTable *by_name, gint64 now, gint64 overdue_before,
                        GError **error);

/* Files that wait or are being placed. */
gint64 sm_totals_waiting(const SmTotals *totals);

/* Files that failed or conflict. */
gint64 sm_totals_failed(const SmTotals *totals);

/* Frees what totals has in it. */
void sm_totals_clear(SmTotals *totals);
