#include "fetch/queries/totals.h"

enum { DAY = 86400, WEEK = 7 /* days */ };

/* What the rows of a query are for. */
typedef void (*Take)(SmTotals *totals, const SmRow *row);

typedef struct {
    GHashTable *by_name;
    Take take;
} Reader;

static void
take_account(SmTotals *totals, const SmRow *row)
{
    totals->mail_at = sm_row_int64(row, 1);
    totals->synced_at = sm_row_int64(row, 2);
    totals->sync_tried_at = sm_row_int64(row, 3);
    g_free(totals->sync_outcome);
    totals->sync_outcome = sm_row_dup(row, 4);
}

static void
take_state(SmTotals *totals, const SmRow *row)
{
    totals->files[sm_file_state_from_name(sm_row_text(row, 1))] = sm_row_int64(row, 2);
}

static void
take_days(SmTotals *totals, const SmRow *row)
{
    totals->announced_ever = sm_row_int64(row, 1);
    totals->stored_ever = sm_row_int64(row, 2);
    totals->stored_week = sm_row_int64(row, 3);
    totals->stored_today = sm_row_int64(row, 4);
}

static void
take_overdue(SmTotals *totals, const SmRow *row)
{
    totals->overdue = sm_row_int64(row, 1);
}

/* A query's first column is an account: what is of one that is looked at goes to take. */
static gboolean
take_row(const SmRow *row, gpointer user_data)
{
    const Reader *reader = user_data;
    SmTotals *totals = g_hash_table_lookup(reader->by_name, sm_row_text(row, 0));

    if (totals != NULL)
        reader->take(totals, row);
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

/* next_attempt and || : so that the index of what is due is taken, and no other. */
gboolean
sm_totals_read(SmLedger *ledger, GHashTable *by_name, gint64 now, gint64 overdue_before,
               GError **error)
{
    Reader account = {by_name, take_account}, state = {by_name, take_state};
    Reader days = {by_name, take_days}, overdue = {by_name, take_overdue};
    gint64 today = now / DAY;

    return read_stored(ledger, by_name, error) &&
           sm_db_each(ledger->db, error, &(SmTaker){take_row, &account},
                      "SELECT name, mail_seen, synced, sync_tried, sync_outcome FROM accounts",
                      "") &&
           sm_db_each(ledger->db, error, &(SmTaker){take_row, &state},
                      "SELECT account, state, files FROM totals", "") &&
           sm_db_each(ledger->db, error, &(SmTaker){take_row, &days},
                      "SELECT account, sum(times) FILTER (WHERE action = 'announced'),"
                      " sum(times) FILTER (WHERE action <> 'announced'),"
                      " sum(times) FILTER (WHERE action <> 'announced' AND day > ?1),"
                      " sum(times) FILTER (WHERE action <> 'announced' AND day >= ?2)"
                      " FROM days WHERE action IN ('announced', 'stored', 'corrected')"
                      " GROUP BY account",
                      "ii", today - WEEK, today) &&
           sm_db_each(
               ledger->db, error, &(SmTaker){take_row, &overdue},
               "SELECT account || '' AS whose, count(*) FROM files"
               " WHERE (state IN ('waiting', 'placing') OR unanswered <> 0)"
               " AND next_attempt >= 0 AND missing_times = 0 AND state IN ('waiting', 'placing')"
               " AND announced < ? GROUP BY whose",
               "i", overdue_before);
}

void
sm_totals_clear(SmTotals *totals)
{
    g_clear_pointer(&totals->sync_outcome, g_free);
}
