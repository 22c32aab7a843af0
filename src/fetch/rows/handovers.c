#include "fetch/rows/handovers.h"

#include <string.h>

#include "common/base/text.h"
#include "fetch/rules/pause.h"

enum {
    REASON_MAX = 500,
    ID_DIGEST = 16, /* letters of the hash that an id has in it */
};

/* A replaced version lies where its successor's row says. */
#define COLUMNS                                                                                    \
    "id, account, name, kind,"                                                                     \
    " coalesce((SELECT n.previous FROM handovers n WHERE n.id > handovers.id"                      \
    "  AND n.account = handovers.account AND n.name = handovers.name AND n.kind = 'corrected'"     \
    "  ORDER BY n.id LIMIT 1), path),"                                                             \
    " size, sha256, revision, previous, created, attempts, next_attempt"

static gpointer
from_row(const SmRow *row)
{
    SmHandover *handover = g_new0(SmHandover, 1);
    int column = 0;

    handover->id = sm_row_int64(row, column++);
    handover->account = sm_row_dup(row, column++);
    handover->name = sm_row_dup(row, column++);
    handover->kind = sm_row_dup(row, column++);
    handover->path = sm_row_dup(row, column++);
    handover->size = sm_row_int64(row, column++);
    handover->sha256 = sm_row_dup(row, column++);
    handover->revision = sm_row_int64(row, column++);
    handover->previous = sm_row_dup(row, column++);
    handover->created = sm_row_int64(row, column++);
    handover->attempts = sm_row_int64(row, column++);
    handover->next_attempt = sm_row_int64(row, column++);
    return handover;
}

void
sm_handover_free(SmHandover *handover)
{
    if (handover == NULL)
        return;
    g_free(handover->account);
    g_free(handover->name);
    g_free(handover->kind);
    g_free(handover->path);
    g_free(handover->sha256);
    g_free(handover->previous);
    g_free(handover);
}

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

static void
release(gpointer handover)
{
    sm_handover_free(handover);
}

static const SmMaker handovers = {from_row, release};

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
    return sm_db_first(ledger->db, error, from_row,
                       "SELECT " COLUMNS " FROM handovers WHERE id = ? AND done = 0", "i", id);
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

/* A row of the log beside it; in one transaction. */
static gboolean
settle(SmLedger *ledger, const SmHandover *handover, const Outcome *outcome, GError **error)
{
    gint64 done = outcome->failure == NULL ? sm_ledger_now() : 0;

    return sm_db_end(ledger->db,
                     sm_db_begin(ledger->db, handover->account, error) &&
                         sm_db_run(ledger->db, error, NULL,
                                   "UPDATE handovers SET done = ?1, reason = ?2, next_attempt = ?3,"
                                   " attempts = attempts + iif(?1 = 0, 1, 0) WHERE id = ?4",
                                   "isii", done, outcome->failure != NULL ? outcome->failure : "",
                                   outcome->next_attempt, handover->id) &&
                         sm_ledger_log(ledger, handover->account, handover->name, outcome->action,
                                       outcome->detail, error),
                     error);
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

/* Whether there are any such rows, or the ledger fails. */
static gboolean
is_any(SmLedger *ledger, const char *query, const char *account, const char *name)
{
    gint64 count;

    return !sm_db_integer(ledger->db, NULL, &count, query, "ss", account, name) || count > 0;
}

gboolean
sm_handover_any_failed(SmLedger *ledger, const char *account)
{
    return is_any(ledger,
                  "SELECT count(*) FROM handovers WHERE done = 0 AND attempts > 0"
                  " AND account = ?1 AND name = coalesce(?2, name)",
                  account, NULL);
}

gboolean
sm_handover_is_open(SmLedger *ledger, const char *account, const char *name)
{
    return is_any(ledger,
                  "SELECT count(*) FROM handovers WHERE done = 0 AND account = ?1 AND name = ?2",
                  account, name);
}

gboolean
sm_handover_reopen(SmLedger *ledger, const char *account, const char *name, int *open,
                   GError **error)
{
    return sm_db_run(ledger->db, error, open,
                     "UPDATE handovers SET next_attempt = 0"
                     " WHERE done = 0 AND account = ? AND name = ?",
                     "ss", account, name);
}
