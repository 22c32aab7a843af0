#include "fetch/queries/totals.h"

enum { DAY = 86400, WEEK = 7 /* days */ };

static gboolean
take_state(const SmRow *row, gpointer by_name)
{
    SmTotals *totals = g_hash_table_lookup(by_name, sm_row_text(row, 0));

    if (totals != NULL)
        totals->files[sm_file_state_from_name(sm_row_text(row, 1))] = sm_row_int64(row, 2);
    return TRUE;
}

static gboolean
read_stored(SmLedger *ledger, GHashTable *by_name, GError **error)
{
    gpointer name, totals;
    GHashTableIter each;

    g_hash_table_iter_init(&each, by_name);
    while (g_hash_table_iter_next(&each, &name, &totals))
        if (!sm_db_integer(ledger->db, error, &((SmTotals *)totals)->stored_at,
                           "SELECT max(stored) FROM files WHERE account = ? AND stored > 0", "s",
                           name))
            return FALSE;
    return TRUE;
}

/* next_attempt and || make the database use the index of what is due, and no other. */
gboolean
sm_totals_read(SmLedger *ledger, GHashTable *by_name, gint64 now, gint64 overdue_before,
               GError **error)
{
    static const SmField of_account[] = {SM_FIELD(SmTotals, mail_at), SM_FIELD(SmTotals, synced_at),
                                         SM_FIELD(SmTotals, sync_tried_at),
                                         SM_FIELD(SmTotals, sync_outcome)};
    static const SmField of_days[] = {
        SM_FIELD(SmTotals, announced_ever), SM_FIELD(SmTotals, stored_ever),
        SM_FIELD(SmTotals, stored_week), SM_FIELD(SmTotals, stored_today)};
    static const SmField of_files[] = {SM_FIELD(SmTotals, overdue)};
    gint64 today = now / DAY;

    return read_stored(ledger, by_name, error) &&
           sm_db_fill(ledger->db, error, &(SmFiller){by_name, of_account, G_N_ELEMENTS(of_account)},
                      "SELECT name, mail_seen, synced, sync_tried, sync_outcome FROM accounts",
                      "") &&
           sm_db_each(ledger->db, error, &(SmTaker){take_state, by_name},
                      "SELECT account, state, files FROM totals", "") &&
           sm_db_fill(ledger->db, error, &(SmFiller){by_name, of_days, G_N_ELEMENTS(of_days)},
                      "SELECT account, sum(times) FILTER (WHERE action = 'announced'),"
                      " sum(times) FILTER (WHERE action <> 'announced'),"
                      " sum(times) FILTER (WHERE action <> 'announced' AND day > ?1 AND day <= ?2),"
                      " sum(times) FILTER (WHERE action <> 'announced' AND day = ?2)"
                      " FROM days WHERE action IN ('announced', 'stored', 'corrected')"
                      " GROUP BY account",
                      "ii", today - WEEK, today) &&
           sm_db_fill(
               ledger->db, error, &(SmFiller){by_name, of_files, G_N_ELEMENTS(of_files)},
               "SELECT account || '' AS whose, count(*) FROM files"
               " WHERE (state IN ('waiting', 'placing') OR unanswered <> 0)"
               " AND next_attempt >= 0 AND missing_times = 0 AND state IN ('waiting', 'placing')"
               " AND announced NOT BETWEEN ? AND ? GROUP BY whose",
               "ii", overdue_before, 2 * now - overdue_before);
}

void
sm_totals_clear(SmTotals *totals)
{
    g_clear_pointer(&totals->sync_outcome, g_free);
}

gint64
sm_totals_waiting(const SmTotals *totals)
{
    return totals->files[SM_FILE_WAITING] + totals->files[SM_FILE_PLACING];
}

gint64
sm_totals_failed(const SmTotals *totals)
{
    return totals->files[SM_FILE_FAILED] + totals->files[SM_FILE_CONFLICT];
}
