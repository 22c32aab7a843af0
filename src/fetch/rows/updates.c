#include "fetch/rows/updates.h"

#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/rows/events.h"
#include "fetch/rows/handovers.h"

enum { REASON_MAX = 500 };

/* Whether an event arrived that this attempt does not answer. */
#define UNANSWERED                                                                                 \
    "iif(EXISTS (SELECT 1 FROM events e WHERE e.account = files.account AND e.name = files.name"   \
    " AND e.id > files.new_covers), 1, 0)"

gboolean
sm_file_has_hit(SmLedger *ledger, const SmFile *file, int changed, GError **error)
{
    if (changed == 1)
        return TRUE;
    return sm_error_set(error, SM_ERROR_LEDGER,
                        "ledger %s: the claim on %s was lost to another process",
                        sm_db_path(ledger->db), file->name);
}

/* One of those updates: whether it has changed file's row. */
#define HIT(ledger, file, error, ...)                                                              \
    ({                                                                                             \
        int changed;                                                                               \
                                                                                                   \
        sm_db_run((ledger)->db, error, &changed, __VA_ARGS__) &&                                   \
            sm_file_has_hit(ledger, file, changed, error);                                         \
    })

/*
 * Ends the transaction of the claim holder's update, of which UPDATE is the whole. ok: it went well
 * so far. After a commit file has the new values; without one neither ledger nor file changes.
 * file->account and ->name stay the same strings, which callers use for a whole attempt.
 */
static gboolean
end_update(SmLedger *ledger, SmFile *file, gboolean ok, GError **error)
{
    gboolean followed = ok && sm_event_follow(ledger, file->account, file->name, error);
    g_autoptr(SmFile) now =
        followed ? sm_file_load(ledger, file->account, file->name, error) : NULL;
    SmFile before = *file;

    if (!sm_db_end(ledger->db, now != NULL, error) ||
        now == NULL) /* gcc's analyzer does not see that */
        return FALSE;
    *file = *now;
    file->account = before.account;
    file->name = before.name;
    before.account = now->account;
    before.name = now->name;
    *now = before; /* freed */
    return TRUE;
}

#define UPDATE(ledger, file, error, what)                                                          \
    end_update(ledger, file, sm_db_begin((ledger)->db, (file)->account, error) && (what), error)

/* Syncs before we go on: by this commit, or by one sync for all threads. */
static gboolean
bring_to_disk(SmLedger *ledger, GError **error)
{
    return ledger->together == NULL || sm_ledger_sync(ledger, error);
}

gboolean
sm_file_reopen(SmLedger *ledger, SmFile *file, GError **error)
{
    return UPDATE(ledger, file, error,
                  HIT(ledger, file, error,
                      "UPDATE files SET next_attempt = 0, attempts = 0, missing_since = 0,"
                      " missing_times = 0, obstacle = NULL,"
                      " state = CASE WHEN state IN ('failed', 'conflict') THEN 'waiting'"
                      "  ELSE state END WHERE id = ? AND fence = ?",
                      "ii", file->id, file->fence));
}

gboolean
sm_file_answered(SmLedger *ledger, SmFile *file, GError **error)
{
    return UPDATE(ledger, file, error,
                  HIT(ledger, file, error,
                      "UPDATE files SET unanswered = 0 WHERE id = ? AND fence = ?", "ii", file->id,
                      file->fence));
}

gboolean
sm_file_forget(SmLedger *ledger, const SmFile *file, GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed, "DELETE FROM files WHERE id = ? AND fence = ?",
                     "ii", file->id, file->fence) &&
           sm_file_has_hit(ledger, file, changed, error);
}

/* The updates up to `placing` write the values to file as well, which saves a load. */

static void
replace(char **text, const char *by)
{
    char *copy = g_strdup(by);

    g_free(*text);
    *text = copy;
}

gint64
sm_file_new_part(void)
{
    return MAX(1, (gint64)g_random_int() << 31 | g_random_int() >> 1);
}

/* Adds a random number: if a server's crash or failover undoes the fence, the next holder gets
 * another one. */
gboolean
sm_file_raise_fence(SmLedger *ledger, SmFile *file, gint64 part, GError **error)
{
    gint64 now = sm_ledger_now(), fence = file->fence + 1 + g_random_int();
    gint64 keeps = part != 0 ? part : sm_file_new_part();
    const char *etag = part != 0 ? file->part_etag : NULL;
    /* it answers only events that came before it */
    gint64 covers = file->state == SM_FILE_PLACING ? file->placing.covers : file->newest_event;
    gboolean deferring, raised;

    deferring = sm_db_defer(ledger->db, TRUE); /* after a power loss nobody else has the row */
    raised =
        HIT(ledger, file, error,
            "UPDATE files SET fence = ?, attempts = ?, part = ?, part_etag = ?,"
            " new_covers = ?, updated = ? WHERE id = ? AND fence = ?",
            "iiisiiii", fence, file->attempts + 1, keeps, etag, covers, now, file->id, file->fence);
    sm_db_defer(ledger->db, deferring);
    if (!raised)
        return FALSE;
    file->fence = fence;
    file->attempts++;
    file->part = keeps;
    if (part == 0)
        g_clear_pointer(&file->part_etag, g_free);
    file->placing.covers = covers;
    file->updated_at = now;
    return TRUE;
}

gboolean
sm_file_start_over(SmLedger *ledger, SmFile *file, GError **error)
{
    SmFileState state = file->stored_at > 0 ? SM_FILE_STORED : SM_FILE_WAITING;
    gint64 part = sm_file_new_part();

    if (!HIT(ledger, file, error,
             "UPDATE files SET state = ?, part = ?, part_etag = NULL, new_covers = ?"
             " WHERE id = ? AND fence = ?",
             "siiii", sm_file_state_name(state), part, file->newest_event, file->id, file->fence))
        return FALSE;
    file->state = state;
    file->part = part;
    g_clear_pointer(&file->part_etag, g_free);
    file->placing.covers = file->newest_event;
    return TRUE;
}

gboolean
sm_file_note_part(SmLedger *ledger, SmFile *file, const char *etag, const char *boot_id,
                  GError **error)
{
    if (!HIT(ledger, file, error,
             "UPDATE files SET part_etag = ?, boot_id = ? WHERE id = ? AND fence = ?", "ssii", etag,
             boot_id, file->id, file->fence))
        return FALSE;
    replace(&file->part_etag, etag);
    replace(&file->boot_id, boot_id);
    return TRUE;
}

gboolean
sm_file_placing(SmLedger *ledger, SmFile *file, const SmContents *contents, const char *boot_id,
                GError **error)
{
    const SmContent part = contents->part, plain = contents->plain;
    gint64 now = sm_ledger_now();

    if (!HIT(ledger, file, error,
             "UPDATE files SET state = 'placing', new_size = ?, new_sha256 = ?,"
             " new_size_plain = ?, new_sha256_plain = ?,"
             " new_etag = ?, boot_id = ?, updated = ? WHERE id = ? AND fence = ?",
             "isisssiii", part.size, part.sha256, plain.size, plain.sha256, contents->etag, boot_id,
             now, file->id, file->fence))
        return FALSE;
    file->state = SM_FILE_PLACING;
    file->placing.size = part.size;
    file->placing.size_plain = plain.size;
    file->updated_at = now;
    replace(&file->placing.sha256, part.sha256);
    replace(&file->placing.sha256_plain, plain.sha256);
    replace(&file->placing.etag, contents->etag);
    replace(&file->boot_id, boot_id);
    return bring_to_disk(ledger, error);
}

/* Describes what was placed, for the log. Caller frees. */
static char *
describe_new(const SmFile *file)
{
    if (!sm_file_places_encrypted(file))
        return g_strdup_printf("%" G_GINT64_FORMAT " bytes, SHA-256 %s", file->placing.size,
                               file->placing.sha256);
    return g_strdup_printf("%" G_GINT64_FORMAT " bytes, SHA-256 %s, encrypted: %" G_GINT64_FORMAT
                           " bytes, SHA-256 %s",
                           file->placing.size_plain, file->placing.sha256_plain, file->placing.size,
                           file->placing.sha256);
}

gboolean
sm_file_stored(SmLedger *ledger, SmFile *file, const char *action, gboolean hand_over,
               const char *previous, GError **error)
{
    const char *kind = strcmp(action, "corrected") == 0 ? "corrected" : "new";
    g_autofree char *path = sm_file_stored_name(file->name, sm_file_places_encrypted(file));
    g_autofree char *detail = describe_new(file);

    return UPDATE(ledger, file, error,
                  HIT(ledger, file, error,
                      "UPDATE files SET state = 'stored', reason = '', size = new_size,"
                      " sha256 = new_sha256, size_plain = CASE WHEN new_sha256_plain IS NULL"
                      "  THEN new_size ELSE new_size_plain END,"
                      " sha256_plain = coalesce(new_sha256_plain, new_sha256),"
                      " etag = new_etag, path = ?5, records = nullif(?6, -1),"
                      " revision = revision + iif(?4 = 'corrected', 1, 0),"
                      " looked = CASE WHEN stored > 0 THEN ?1 ELSE looked END,"
                      " covers = max(covers, new_covers), unanswered = " UNANSWERED ","
                      " stored = ?1, pruned = 0, updated = ?1,"
                      " settled = fence, next_attempt = 0, attempts = 0, missing_since = 0,"
                      " missing_times = 0, part = 0, part_etag = NULL, boot_id = NULL,"
                      " obstacle = NULL WHERE id = ?2 AND fence = ?3",
                      "iiissi", sm_ledger_now(), file->id, file->fence, action, path,
                      file->placing.records) &&
                      sm_ledger_log(ledger, file->account, file->name, action, detail, error) &&
                      (!hand_over || sm_handover_add(ledger, file->id, kind, previous, error))) &&
           bring_to_disk(ledger, error);
}

gboolean
sm_file_unchanged(SmLedger *ledger, SmFile *file, const char *etag, GError **error)
{
    return UPDATE(ledger, file, error,
                  HIT(ledger, file, error,
                      "UPDATE files SET state = 'stored', reason = '', etag = coalesce(?1, etag),"
                      " covers = max(covers, new_covers), unanswered = " UNANSWERED ","
                      " looked = ?2, updated = ?2, settled = fence,"
                      " next_attempt = 0, attempts = 0, missing_since = 0, missing_times = 0,"
                      " part = 0, part_etag = NULL WHERE id = ?3 AND fence = ?4",
                      "siii", etag, sm_ledger_now(), file->id, file->fence));
}

gboolean
sm_file_settle(SmLedger *ledger, SmFile *file, const SmSettling *settling, GError **error)
{
    g_autofree char *clean = sm_text_clean(settling->reason, REASON_MAX);
    SmFileState state = settling->state;
    gboolean stored_before = state == SM_FILE_WAITING && file->stored_at > 0;
    SmFileState becomes = stored_before ? SM_FILE_STORED : state;
    gboolean news = file->state != becomes || strcmp(file->reason, clean) != 0;

    return UPDATE(
        ledger, file, error,
        HIT(ledger, file, error,
            "UPDATE files SET state = ?1, reason = ?2, next_attempt = ?3, updated = ?4,"
            " settled = fence, part = CASE WHEN ?5 <> 0 THEN part ELSE 0 END,"
            " part_etag = CASE WHEN ?5 <> 0 THEN part_etag END, missing_since = ?6,"
            " missing_times = ?7, obstacle = ?8, unanswered = CASE"
            "  WHEN ?1 IN ('dropped', 'not wanted', 'conflict', 'failed') THEN iif(EXISTS (SELECT 1"
            "   FROM events e WHERE e.account = files.account AND e.name = files.name"
            "   AND e.id > ?11), 1, 0) ELSE unanswered END,"
            " new_covers = CASE ?1 WHEN 'failed' THEN max(new_covers, ?11) ELSE new_covers END"
            " WHERE id = ?9 AND fence = ?10",
            "ssiiiiisiii", sm_file_state_name(becomes), clean, settling->next_attempt,
            sm_ledger_now(), (gint64)settling->part_kept, file->missing_since, file->missing_times,
            file->obstacle, file->id, file->fence, file->newest_event) &&
            (becomes != SM_FILE_NOT_WANTED || file->missing_times == 0 ||
             sm_event_disregard(ledger, file->account, file->name, error)) &&
            (!news || sm_ledger_log(ledger, file->account, file->name, sm_file_state_name(state),
                                    clean, error)));
}
