#include "fetch/notes/syncs.h"

#include "common/base/text.h"

enum {
    OUTCOME_MAX = 500,
    OVERLAP = 86400, /* seconds */
};

/* A time in the future comes from a clock that was ahead: takes the log's last time before now
 * instead. */
static gboolean
judge_time(SmLedger *ledger, const char *account, SmSyncRecord *record, GError **error)
{
    gint64 now = sm_ledger_now();

    return record->synced <= now ||
           sm_db_integer(ledger->db, error, &record->synced,
                         "SELECT coalesce(max(at), 0) FROM log WHERE account = ? AND at <= ?", "si",
                         account, now);
}

gboolean
sm_sync_look(SmLedger *ledger, const char *account, SmSyncRecord *record, GError **error)
{
    gint64 decisions;

    if (!sm_db_integer(ledger->db, error, &record->synced,
                       "SELECT synced FROM accounts WHERE name = ?", "s", account) ||
        !judge_time(ledger, account, record, error) ||
        !sm_db_integer(ledger->db, error, &decisions,
                       "SELECT count(*) FROM log WHERE account = ? AND name = ''"
                       " AND action IN ('sync-all', 'mark-known')",
                       "s", account))
        return FALSE;
    record->past = decisions > 0;
    return TRUE;
}

gint64
sm_sync_last(const SmSyncRecord *record)
{
    return MAX(record->synced - OVERLAP, 0);
}

gboolean
sm_sync_began(SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO accounts (name, sync_tried) VALUES (?1, ?2)"
                     " ON CONFLICT (name) DO UPDATE SET sync_tried = ?2",
                     "si", account, sm_ledger_now());
}

gboolean
sm_sync_missed_since(SmLedger *ledger, const char *account, gint64 *when, GError **error)
{
    if (!sm_db_integer(ledger->db, error, when,
                       "SELECT coalesce(min(at), 0) FROM log WHERE account = ? AND name = ''"
                       " AND action IN ('first sync', 'sync missed')",
                       "s", account))
        return FALSE;
    if (*when > 0)
        return TRUE;
    *when = sm_ledger_now();
    return sm_ledger_log(ledger, account, "", "first sync",
                         "not complete; expect-listing counts from here", error);
}

gboolean
sm_sync_decided(SmLedger *ledger, const char *account, const char *decision, GError **error)
{
    return sm_ledger_log(ledger, account, "", decision, "", error);
}

gboolean
sm_sync_ended(SmLedger *ledger, const char *account, gint64 complete_from, gint64 listed_from,
              const char *outcome, GError **error)
{
    g_autofree char *clean = sm_text_clean(outcome, OUTCOME_MAX);

    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE accounts SET sync_outcome = ?2,"
                     " synced = CASE WHEN ?1 > 0 AND synced > ?5 THEN ?1 ELSE max(synced, ?1) END,"
                     " listing_wanted = CASE WHEN listing_wanted NOT BETWEEN ?3 + 1 AND ?5 THEN 0"
                     " ELSE listing_wanted END WHERE name = ?4",
                     "isisi", complete_from, clean, listed_from, account, sm_ledger_now());
}
