#include "fetch/rows/expire.h"

#include "fetch/ledger/keys.h"

#define LAST "expired-at"

enum {
    STEP = 500, /* rows per transaction */
    PAUSE = 20 * 3600,
};

/* Nothing needs them: the file's row has what matters of them. */
#define EVENTS                                                                                     \
    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE last_seen < ?1"                   \
    " AND decision <> 'waiting' AND NOT EXISTS (SELECT 1 FROM files f"                             \
    "  WHERE f.account = events.account AND f.name = events.name"                                  \
    "  AND (f.unanswered <> 0 OR f.state IN ('waiting', 'placing')))"                              \
    " ORDER BY last_seen LIMIT ?2)"

/* A later version's row says where an older one is whose hook has still to run. */
#define HANDOVERS                                                                                  \
    "DELETE FROM handovers WHERE id IN (SELECT id FROM handovers h WHERE done > 0 AND done < ?1"   \
    " AND NOT EXISTS (SELECT 1 FROM handovers o WHERE o.done = 0 AND o.account = h.account"        \
    "  AND o.name = h.name AND o.id < h.id) ORDER BY id LIMIT ?2)"

#define ALERTS                                                                                     \
    "DELETE FROM alerts WHERE (account, kind) IN (SELECT account, kind FROM alerts"                \
    " WHERE last < ?1 AND sent < ?1 LIMIT ?2)"

/* Keeps what was stored of an existing file, whose hash prune looks up, and a person's decision
 * before the first sync, which holds for good. */
#define LOG                                                                                        \
    "DELETE FROM log WHERE id IN (SELECT id FROM log l WHERE at < ?1"                              \
    " AND NOT (action IN ('stored', 'corrected', 'adopted') AND EXISTS (SELECT 1 FROM files f"     \
    "  WHERE f.account = l.account AND f.name = l.name AND f.stored > 0 AND f.pruned = 0))"        \
    " AND NOT (name = '' AND action IN ('sync-all', 'mark-known')) ORDER BY at LIMIT ?2)"

static gboolean
delete_steps(SmLedger *ledger, const char *sql, gint64 before, gint64 *deleted, GError **error)
{
    int changed = STEP;

    for (int done = 0; before > 0 && changed == STEP && done < SM_EXPIRE_AT_MOST; done += STEP) {
        if (!sm_db_run(ledger->db, error, &changed, sql, "ii", before, (gint64)STEP))
            return FALSE;
        *deleted += changed;
    }
    return TRUE;
}

gboolean
sm_expire(SmLedger *ledger, const SmExpiry *terms, gint64 now, gint64 *deleted, GError **error)
{
    gint64 last;

    *deleted = 0;
    if (!sm_keys_get_time(ledger, LAST, &last, error))
        return FALSE;
    if (last <= now && last > now - PAUSE)
        return TRUE;
    return sm_keys_set_time(ledger, LAST, now, error) &&
           delete_steps(ledger, EVENTS, terms->events, deleted, error) &&
           delete_steps(ledger, HANDOVERS, terms->events, deleted, error) &&
           delete_steps(ledger, ALERTS, terms->events, deleted, error) &&
           delete_steps(ledger, LOG, terms->log, deleted, error);
}
