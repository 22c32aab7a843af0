#include "fetch/rows/handovers.h"

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/ledger/lock.h"
#include "fetch/rules/pause.h"

enum {
    REASON_MAX = 500,
    ID_DIGEST = 16, /* letters of the hash that an id has in it */
};

/* The path of a replaced version is in its successor's row. */
#define COLUMNS                                                                                    \
    "id, account, name, kind,"                                                                     \
    " coalesce((SELECT n.previous FROM handovers n WHERE n.id > handovers.id"                      \
    "  AND n.account = handovers.account AND n.name = handovers.name AND n.kind = 'corrected'"     \
    "  ORDER BY n.id LIMIT 1), path),"                                                             \
    " size, sha256, revision, previous, created, attempts, next_attempt"

static const SmField of_handover[] = {
    SM_FIELD(SmHandover, id),       SM_FIELD(SmHandover, account),
    SM_FIELD(SmHandover, name),     SM_FIELD(SmHandover, kind),
    SM_FIELD(SmHandover, path),     SM_FIELD(SmHandover, size),
    SM_FIELD(SmHandover, sha256),   SM_FIELD(SmHandover, revision),
    SM_FIELD(SmHandover, previous), SM_FIELD(SmHandover, created),
    SM_FIELD(SmHandover, attempts), SM_FIELD(SmHandover, next_attempt)};
static const SmMaker handovers = SM_MAKER(SmHandover, of_handover, NULL);

gboolean
sm_handover_add(SmLedger *ledger, gint64 file, const char *kind, const char *previous,
                GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO handovers (account, name, kind, path, size, sha256, revision,"
                     " previous, created) SELECT account, name, ?1, path, size, sha256, revision,"
                     " ?2, ?3 FROM files WHERE id = ?4",
                     "ssii", kind, previous, sm_ledger_now(), file);
}

GPtrArray *
sm_handover_due(SmLedger *ledger, const char *account, const char *name, gint64 now, GError **error)
{
    return sm_db_list(
        ledger->db, error, &handovers,
        "SELECT " COLUMNS
        " FROM handovers WHERE done = 0 AND next_attempt NOT BETWEEN ?1 + 1 AND ?4"
        " AND account = ?2"
        " AND name = coalesce(?3, name) AND NOT EXISTS (SELECT 1 FROM handovers o WHERE o.done = 0"
        "  AND o.account = handovers.account AND o.name = handovers.name AND o.id < handovers.id)"
        " ORDER BY id",
        "issi", now, account, name, now + SM_PAUSE_LONGEST);
}

SmHandover *
sm_handover_load(SmLedger *ledger, gint64 id, GError **error)
{
    return sm_db_first(ledger->db, error, &handovers,
                       "SELECT " COLUMNS " FROM handovers WHERE id = ? AND done = 0", "i", id);
}

gboolean
sm_handover_start(SmLedger *ledger, const SmHandover *handover, gint64 until, GError **error)
{
    int changed = 0;

    return !sm_db_is_server(ledger->db) ||
           (sm_db_run(ledger->db, error, &changed,
                      "UPDATE handovers SET next_attempt = ? WHERE id = ? AND created = ?"
                      " AND done = 0 AND next_attempt = ?",
                      "iiii", until, handover->id, handover->created, handover->next_attempt) &&
            changed == 1);
}

char *
sm_handover_id(const SmHandover *handover)
{
    return g_strdup_printf("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "-%.*s", handover->id,
                           handover->created, ID_DIGEST, handover->sha256);
}

typedef struct {
    const char *action, *detail; /* for the log */
    const char *failure;         /* NULL: it is done */
    gint64 next_attempt;
} Outcome;

/* Records the outcome and logs it, in one transaction. After a failover that lost rows, another
 * hand-over may have the id by now. */
static gboolean
settle(SmLedger *ledger, const SmHandover *handover, const Outcome *outcome, GError **error)
{
    gint64 done = outcome->failure == NULL ? sm_ledger_now() : 0;

    return SM_TRANSACTION(
        ledger->db, handover->account, error,
        sm_db_run(ledger->db, error, NULL,
                  "UPDATE handovers SET done = ?1, reason = ?2, next_attempt = ?3,"
                  " attempts = attempts + iif(?1 = 0, 1, 0) WHERE id = ?4 AND created = ?5",
                  "isiii", done, outcome->failure != NULL ? outcome->failure : "",
                  outcome->next_attempt, handover->id, handover->created) &&
            sm_ledger_log(ledger, handover->account, handover->name, outcome->action,
                          outcome->detail, error));
}

gboolean
sm_handover_done(SmLedger *ledger, const SmHandover *handover, GError **error)
{
    g_autofree char *id = sm_handover_id(handover);
    g_autofree char *detail = g_strdup_printf("%s, as %s", handover->kind, id);

    return settle(ledger, handover, &(Outcome){"handed over", detail, NULL, 0}, error);
}

gboolean
sm_handover_failed(SmLedger *ledger, const SmHandover *handover, const char *why,
                   gint64 next_attempt, GError **error)
{
    g_autofree char *clean = sm_text_clean(why, REASON_MAX);

    return settle(ledger, handover, &(Outcome){"hand-over failed", clean, clean, next_attempt},
                  error);
}

gboolean
sm_handover_any_failed(SmLedger *ledger, const char *account)
{
    gboolean any;

    return !sm_db_has(ledger->db, NULL, &any,
                      "SELECT 1 FROM handovers WHERE done = 0 AND attempts > 0 AND account = ?",
                      "s", account) ||
           any;
}

gboolean
sm_handover_is_open(SmLedger *ledger, const char *account, const char *name)
{
    gboolean any;

    return !sm_db_has(ledger->db, NULL, &any,
                      "SELECT 1 FROM handovers WHERE done = 0 AND account = ? AND name = ?", "ss",
                      account, name) ||
           any;
}

gboolean
sm_handover_reopen(SmLedger *ledger, const char *account, const char *name, int *open,
                   GError **error)
{
    g_autoptr(GError) fault = NULL;
    gint64 first = 0;
    gboolean ok;

    *open = 0;
    if (!sm_db_integer(ledger->db, error, &first,
                       "SELECT min(id) FROM handovers WHERE done = 0 AND account = ? AND name = ?",
                       "ss", account, name))
        return FALSE;
    if (first == 0)
        return TRUE;
    if (!sm_lock_take(ledger, SM_LOCK_HANDOVERS + first, 0, NULL, &fault)) {
        if (g_error_matches(fault, SM_ERROR, SM_ERROR_BUSY))
            return sm_error_set(error, SM_ERROR_BUSY,
                                "%s is stored; another process is running on-stored for it", name);
        return sm_error_pass(error, g_steal_pointer(&fault));
    }
    ok = sm_db_run(ledger->db, error, open,
                   "UPDATE handovers SET next_attempt = 0"
                   " WHERE done = 0 AND account = ? AND name = ?",
                   "ss", account, name);
    sm_lock_drop(ledger, SM_LOCK_HANDOVERS + first);
    return ok;
}
