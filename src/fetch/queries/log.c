#include "fetch/queries/log.h"

#define COLUMNS "SELECT at, account, name, action, detail, uid, command FROM log "

static void
fill(SmLogRow *row, const SmRow *found)
{
    row->at = sm_row_int64(found, 0);
    row->account = sm_row_dup(found, 1);
    row->name = sm_row_dup(found, 2);
    row->action = sm_row_dup(found, 3);
    row->detail = sm_row_dup(found, 4);
    row->uid = sm_row_int64(found, 5);
    row->command = sm_row_dup(found, 6);
}

static void
clear(SmLogRow *row)
{
    g_free(row->account);
    g_free(row->name);
    g_free(row->action);
    g_free(row->detail);
    g_free(row->command);
}

/* All accounts that have rows, found one after the other by the key of days. */
#define ACCOUNTS                                                                                   \
    "WITH RECURSIVE each (account) AS (SELECT min(account) FROM days UNION ALL"                    \
    " SELECT (SELECT min(account) FROM days WHERE days.account > each.account) FROM each"          \
    " WHERE each.account IS NOT NULL) SELECT account FROM each WHERE account IS NOT NULL"

typedef struct {
    SmLogTake take;
    gpointer user_data;
} Reader;

static gboolean
hand_over(const SmRow *found, gpointer user_data)
{
    const Reader *reader = user_data;
    gboolean more;
    SmLogRow row;

    fill(&row, found);
    more = reader->take(&row, reader->user_data);
    clear(&row);
    return more;
}

/*
 * A name's few rows come by the index of accounts and names. Everything else goes
 * along the table, whose order needs no sorting (+at: not by its index); only who
 * says since when gets them by the index of times.
 */
gboolean
sm_log_read(SmLedger *ledger, const SmLogFilter *filter, SmLogTake take, gpointer user_data,
            GError **error)
{
    gint64 until = filter->until > 0 ? filter->until : G_MAXINT64;
    Reader reader = {take, user_data};
    const char *sql;

    if (filter->name != NULL)
        sql = COLUMNS "WHERE account IN (" ACCOUNTS ") AND account = coalesce(?1, account)"
                      " AND name = ?2 AND at >= ?3 AND at < ?4 ORDER BY id";
    else if (filter->since > 0)
        sql = COLUMNS "WHERE at >= ?3 AND at < ?4 AND account = coalesce(?1, account)"
                      " AND ?2 IS NULL ORDER BY at, id";
    else
        sql = COLUMNS "WHERE account = coalesce(?1, account) AND +at >= ?3 AND +at < ?4"
                      " AND ?2 IS NULL ORDER BY id";
    return sm_db_each(ledger->db, error, &(SmTaker){hand_over, &reader}, sql, "ssii",
                      filter->account, filter->name, filter->since, until);
}
