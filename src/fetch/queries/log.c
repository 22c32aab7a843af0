#include "fetch/queries/log.h"

#define COLUMNS "SELECT at, account, name, action, detail, uid, command FROM log "

static const SmField of_row[] = {SM_FIELD(SmLogRow, at),     SM_FIELD(SmLogRow, account),
                                 SM_FIELD(SmLogRow, name),   SM_FIELD(SmLogRow, action),
                                 SM_FIELD(SmLogRow, detail), SM_FIELD(SmLogRow, uid),
                                 SM_FIELD(SmLogRow, command)};
static const SmMaker rows = SM_MAKER(SmLogRow, of_row, NULL);

/* All accounts that have rows, found one after the other by the key of days. */
#define ACCOUNTS                                                                                   \
    "WITH RECURSIVE each (account) AS (SELECT min(account) FROM days UNION ALL"                    \
    " SELECT (SELECT min(account) FROM days WHERE days.account > each.account) FROM each"          \
    " WHERE each.account IS NOT NULL) SELECT account FROM each WHERE account IS NOT NULL"

/*
 * A name's few rows come by the index of accounts and names. Everything else goes
 * along the table, whose order needs no sorting (+at: not by its index); only who
 * says since when gets them by the index of times.
 */
gboolean
sm_log_read(SmLedger *ledger, const SmLogFilter *filter, SmTakeMade take, gpointer user_data,
            GError **error)
{
    gint64 until = filter->until > 0 ? filter->until : G_MAXINT64;
    const SmReader reader = {&rows, take, user_data};
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
    return sm_db_read(ledger->db, error, &reader, sql, "ssii", filter->account, filter->name,
                      filter->since, until);
}
