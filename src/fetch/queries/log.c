#include "fetch/queries/log.h"

#define COLUMNS "SELECT at, account, name, action, detail, uid, command, id FROM log "

enum {
    PIECE = 200 /* rows: a person may read slowly, but a server waits only 35 s */
};

static const SmField of_row[] = {SM_FIELD(SmLogRow, at),      SM_FIELD(SmLogRow, account),
                                 SM_FIELD(SmLogRow, name),    SM_FIELD(SmLogRow, action),
                                 SM_FIELD(SmLogRow, detail),  SM_FIELD(SmLogRow, uid),
                                 SM_FIELD(SmLogRow, command), SM_FIELD(SmLogRow, id)};
static const SmMaker rows = SM_MAKER(SmLogRow, of_row, NULL);

/* All accounts that have rows, one after the other by the key of days. */
#define ACCOUNTS                                                                                   \
    "WITH RECURSIVE each (account) AS (SELECT min(account) FROM days UNION ALL"                    \
    " SELECT (SELECT min(account) FROM days WHERE days.account > each.account) FROM each"          \
    " WHERE each.account IS NOT NULL) SELECT account FROM each WHERE account IS NOT NULL"

/* Where a piece ended, and whether another follows. */
typedef struct {
    SmTakeMade take;
    gpointer user_data;
    gint64 at, id; /* of the last row */
    guint rows;
    gboolean enough;
} Piece;

static gboolean
take_row(gconstpointer made, gpointer user_data)
{
    const SmLogRow *row = made;
    Piece *piece = user_data;

    piece->at = row->at;
    piece->id = row->id;
    piece->rows++;
    piece->enough = !piece->take(row, piece->user_data);
    return !piece->enough;
}

/*
 * The rows of a name use the index of accounts and names. Other queries read the table in its
 * order, without sorting (+at: not by that index); only one with a time uses the index of times.
 */
gboolean
sm_log_read(SmLedger *ledger, const SmLogFilter *filter, SmTakeMade take, gpointer user_data,
            GError **error)
{
    gint64 until = filter->until > 0 ? filter->until : G_MAXINT64;
    Piece piece = {.take = take, .user_data = user_data, .at = filter->since};
    const SmReader reader = {&rows, take_row, &piece};
    gboolean by_time = filter->name == NULL && filter->since > 0, ok = TRUE;
    const char *sql;

    if (filter->name != NULL)
        sql = COLUMNS "WHERE account IN (" ACCOUNTS ") AND account = coalesce(?1, account)"
                      " AND name = ?2 AND at >= ?3 AND at < ?4 AND ?5 < ?6 ORDER BY id";
    else if (by_time)
        sql = COLUMNS "WHERE at >= ?3 AND at < ?4 AND account = coalesce(?1, account)"
                      " AND (at > ?3 OR id > ?5) AND ?2 IS NULL ORDER BY at, id LIMIT ?6";
    else
        sql = COLUMNS "WHERE account = coalesce(?1, account) AND +at >= ?3 AND +at < ?4"
                      " AND id > ?5 AND ?2 IS NULL ORDER BY id LIMIT ?6";
    do {
        piece.rows = 0;
        ok = sm_db_read(ledger->db, error, &reader, sql, "ssiiii", filter->account, filter->name,
                        by_time ? piece.at : filter->since, until, piece.id, (gint64)PIECE);
    } while (ok && !piece.enough && filter->name == NULL && piece.rows == PIECE);
    return ok;
}
