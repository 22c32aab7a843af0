#include "fetch/rows/prune.h"

#include "fetch/rows/updates.h"

enum { LOOK_AGAIN = 86400 }; /* seconds until the worker looks at a changed file once more */

#define REFUSED "not pruned"

/* A stored file also exists where policy has dropped a later message, or where the service no
 * longer had the file when it was asked again. */
GStrv
sm_prune_candidates(SmLedger *ledger, const char *account, gint64 before, gboolean again,
                    GError **error)
{
    gint64 now = sm_ledger_now();
    GPtrArray *names = sm_db_list(
        ledger->db, error, &sm_db_texts,
        "SELECT name FROM files WHERE account = ?1 AND stored > 0 AND stored < ?2"
        " AND state NOT IN ('waiting', 'placing', 'conflict') AND pruned = 0 AND (?3 <> 0 OR NOT "
        "EXISTS "
        "(SELECT 1 FROM log l"
        "  WHERE l.account = files.account AND l.name = files.name AND l.action = '" REFUSED "'"
        "  AND l.at BETWEEN ?4 AND ?5)) ORDER BY stored, id",
        "siiii", account, before, (gint64)again, now - LOOK_AGAIN, now);

    if (names == NULL)
        return NULL;
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}

gboolean
sm_prune_stock(SmLedger *ledger, const char *account, SmPruneStock *stock, GError **error)
{
    static const char where[] = " FROM files WHERE account = ? AND stored > 0 AND pruned = 0";
    g_autofree char *files = g_strconcat("SELECT count(*)", where, NULL);
    g_autofree char *first = g_strconcat("SELECT coalesce(min(stored), 0)", where, NULL);
    g_autofree char *last = g_strconcat("SELECT coalesce(max(stored), 0)", where, NULL);

    return sm_db_integer(ledger->db, error, &stock->files, files, "s", account) &&
           sm_db_integer(ledger->db, error, &stock->first, first, "s", account) &&
           sm_db_integer(ledger->db, error, &stock->last, last, "s", account);
}

gboolean
sm_prune_date(SmLedger *ledger, const char *account, gint64 now, GError **error)
{
    return sm_db_run(
        ledger->db, error, NULL,
        "UPDATE files SET stored = ?1 WHERE account = ?2 AND stored > ?1 AND pruned = 0", "is", now,
        account);
}

gboolean
sm_prune_is_outlived(const SmFile *file, gint64 before)
{
    return file->state != SM_FILE_WAITING && file->state != SM_FILE_PLACING &&
           file->state != SM_FILE_CONFLICT && file->pruned_at == 0 && file->stored_at > 0 &&
           file->stored_at < before;
}

gboolean
sm_prune_was_stored(SmLedger *ledger, const SmFile *file, const char *sha256, gboolean *was,
                    GError **error)
{
    return sm_db_has(ledger->db, error, was,
                     "SELECT 1 FROM log WHERE account = ? AND name = ?"
                     " AND action IN ('stored', 'corrected', 'adopted') AND instr(detail, ?) > 0",
                     "sss", file->account, file->name, sha256);
}

gboolean
sm_prune_is_ours(SmLedger *ledger, const SmFile *file, GError **error)
{
    gboolean ours;

    return sm_db_has(ledger->db, error, &ours,
                     "SELECT 1 FROM files WHERE id = ? AND fence = ? AND pruned = 0", "ii",
                     file->id, file->fence) &&
           sm_file_has_hit(ledger, file, ours, error);
}

static gboolean
mark(SmLedger *ledger, const SmFile *file, GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed,
                     "UPDATE files SET pruned = ?1, updated = ?1"
                     " WHERE id = ?2 AND fence = ?3 AND pruned = 0",
                     "iii", sm_ledger_now(), file->id, file->fence) &&
           sm_file_has_hit(ledger, file, changed, error);
}

gboolean
sm_prune_record(SmLedger *ledger, const SmFile *file, const char *detail, GError **error)
{
    return SM_TRANSACTION(
        ledger->db, file->account, error,
        mark(ledger, file, error) &&
            sm_ledger_log(ledger, file->account, file->name, "pruned", detail, error));
}

gboolean
sm_prune_refuse(SmLedger *ledger, const SmFile *file, const char *detail, GError **error)
{
    return sm_ledger_log(ledger, file->account, file->name, REFUSED, detail, error);
}
