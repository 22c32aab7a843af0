#include "fetch/ledger/files.h"

#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/name.h"
#include "fetch/ledger/handovers.h"
#include "fetch/rules/pause.h"

enum { REASON_MAX = 500 };

static const char *const state_names[] = {
    [SM_FILE_WAITING] = "waiting",   [SM_FILE_PLACING] = "placing",
    [SM_FILE_STORED] = "stored",     [SM_FILE_DROPPED] = "dropped",
    [SM_FILE_FAILED] = "failed",     [SM_FILE_NOT_WANTED] = "not wanted",
    [SM_FILE_CONFLICT] = "conflict",
};

#define NEWEST                                                                                     \
    "SELECT coalesce(max(e.id), 0) FROM events e"                                                  \
    " WHERE e.account = files.account AND e.name = files.name"

#define COLUMNS                                                                                    \
    "id, account, name, state, reason, size, sha256,"                                              \
    " coalesce(size_plain, size), coalesce(sha256_plain, sha256),"                                 \
    " new_size_plain, coalesce(new_sha256_plain, new_sha256), etag, path, revision, covers,"       \
    " announced, updated, stored, pruned, looked, attempts, next_attempt, missing_since, "         \
    "missing_times,"                                                                               \
    " fence, settled, part, part_etag, boot_id, new_size, new_sha256, new_etag, new_covers,"       \
    " obstacle, listed, coalesce(listed_size, -1), listed_delivered,"                              \
    " coalesce(listed_records, -1), coalesce(records, -1), unanswered, (" NEWEST ")"

const char *
sm_file_state_name(SmFileState state)
{
    return state_names[state];
}

gboolean
sm_file_has_failed(const SmFile *file)
{
    return file->state == SM_FILE_FAILED && file->newest_event <= file->new_covers;
}

SmFileState
sm_file_state_from_name(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(state_names); i++)
        if (g_strcmp0(state_names[i], name) == 0)
            return (SmFileState)i;
    return SM_FILE_WAITING; /* the table's CHECK allows no other */
}

static gpointer
from_row(sqlite3_stmt *row)
{
    SmFile *file = g_new0(SmFile, 1);
    int column = 0;

    file->id = sqlite3_column_int64(row, column++);
    file->account = sm_db_text(row, column++);
    file->name = sm_db_text(row, column++);
    file->state = sm_file_state_from_name((const char *)sqlite3_column_text(row, column++));
    file->reason = sm_db_text(row, column++);
    file->size = sqlite3_column_int64(row, column++);
    file->sha256 = sm_db_text(row, column++);
    file->size_plain = sqlite3_column_int64(row, column++);
    file->sha256_plain = sm_db_text(row, column++);
    file->new_size_plain = sqlite3_column_int64(row, column++);
    file->new_sha256_plain = sm_db_text(row, column++);
    file->etag = sm_db_text(row, column++);
    file->path = sm_db_text(row, column++);
    file->revision = sqlite3_column_int64(row, column++);
    file->covers = sqlite3_column_int64(row, column++);
    file->announced_at = sqlite3_column_int64(row, column++);
    file->updated_at = sqlite3_column_int64(row, column++);
    file->stored_at = sqlite3_column_int64(row, column++);
    file->pruned_at = sqlite3_column_int64(row, column++);
    file->looked_at = sqlite3_column_int64(row, column++);
    file->attempts = sqlite3_column_int64(row, column++);
    file->next_attempt = sqlite3_column_int64(row, column++);
    file->missing_since = sqlite3_column_int64(row, column++);
    file->missing_times = sqlite3_column_int64(row, column++);
    file->fence = sqlite3_column_int64(row, column++);
    file->settled = sqlite3_column_int64(row, column++);
    file->part = sqlite3_column_int64(row, column++);
    file->part_etag = sm_db_text(row, column++);
    file->boot_id = sm_db_text(row, column++);
    file->new_size = sqlite3_column_int64(row, column++);
    file->new_sha256 = sm_db_text(row, column++);
    file->new_etag = sm_db_text(row, column++);
    file->new_covers = sqlite3_column_int64(row, column++);
    file->obstacle = sm_db_text(row, column++);
    file->listed_at = sqlite3_column_int64(row, column++);
    file->listed_size = sqlite3_column_int64(row, column++);
    file->listed_delivered = sm_db_text(row, column++);
    file->listed_records = sqlite3_column_int64(row, column++);
    file->records = sqlite3_column_int64(row, column++);
    file->unanswered = sqlite3_column_int64(row, column++);
    file->newest_event = sqlite3_column_int64(row, column++);
    file->new_records = -1;
    return file;
}

/* Everything but account and name, which are those of the row for good. */
static void
clear(SmFile *file)
{
    char **strings[] = {&file->reason,       &file->sha256,           &file->etag,
                        &file->path,         &file->boot_id,          &file->part_etag,
                        &file->obstacle,     &file->new_etag,         &file->new_sha256,
                        &file->sha256_plain, &file->new_sha256_plain, &file->listed_delivered};

    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(*strings[i]);
}

void
sm_file_free(SmFile *file)
{
    if (file == NULL)
        return;
    clear(file);
    g_free(file->account);
    g_free(file->name);
    g_free(file);
}

SmFile *
sm_file_load(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    gpointer file = NULL;

    sm_db_first(ledger->db, error, from_row, &file,
                "SELECT " COLUMNS " FROM files WHERE account = ? AND name = ?", "ss", account,
                name);
    return file;
}

static GPtrArray *
collect(SmLedger *ledger, sqlite3_stmt *row, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)sm_file_free);
    GError *fault = NULL;

    if (row == NULL)
        return NULL;
    while (sm_db_next(ledger->db, row, &fault))
        g_ptr_array_add(files, from_row(row));
    if (fault != NULL) {
        g_propagate_error(error, fault);
        return NULL;
    }
    return g_steal_pointer(&files);
}

GPtrArray *
sm_file_list(SmLedger *ledger, const char *account, guint max, GError **error)
{
    const char *sql = account == NULL ? "SELECT " COLUMNS " FROM files WHERE ?1 IS NULL"
                                        " ORDER BY updated DESC, id DESC LIMIT ?2"
                                      : "SELECT " COLUMNS " FROM files WHERE account = ?1"
                                        " ORDER BY updated DESC, id DESC LIMIT ?2";
    g_autoptr(sqlite3_stmt) row =
        sm_db_query(ledger->db, error, sql, "si", account, max > 0 ? (gint64)max : (gint64)-1);

    return collect(ledger, row, error);
}

GPtrArray *
sm_file_list_troubles(SmLedger *ledger, const char *account, guint max, GError **error)
{
    g_autoptr(sqlite3_stmt) row =
        sm_db_query(ledger->db, error,
                    "SELECT " COLUMNS " FROM files WHERE account = ?"
                    " AND state IN ('failed', 'conflict') ORDER BY updated DESC, id DESC LIMIT ?",
                    "si", account, (gint64)max);

    return collect(ledger, row, error);
}

GPtrArray *
sm_file_due(SmLedger *ledger, gint64 now, GError **error)
{
    g_autoptr(sqlite3_stmt) row = sm_db_query(
        ledger->db, error,
        "SELECT " COLUMNS " FROM files WHERE (state IN ('waiting', 'placing') OR unanswered <> 0)"
        " AND next_attempt NOT BETWEEN ?1 + 1 AND ?2 ORDER BY next_attempt, attempts, id",
        "ii", now, now + SM_PAUSE_LONGEST);

    return collect(ledger, row, error);
}

GPtrArray *
sm_file_siblings(SmLedger *ledger, const SmFile *file, GError **error)
{
    g_autofree char *stem = sm_name_stem(file->name);
    g_autoptr(sqlite3_stmt) row =
        sm_db_query(ledger->db, error,
                    "SELECT " COLUMNS " FROM files WHERE account = ? AND stem = ? AND id <> ?"
                    " ORDER BY id",
                    "ssi", file->account, stem, file->id);

    return collect(ledger, row, error);
}

gboolean
sm_file_ensure(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    g_autofree char *stem = sm_name_stem(name);

    return sm_db_run(ledger->db, error, NULL,
                     "INSERT OR IGNORE INTO files (account, name, stem, announced, updated, origin)"
                     " VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
                     "sssis", account, name, stem, sm_ledger_now(), ledger->command);
}

gboolean
sm_file_forget(SmLedger *ledger, const SmFile *file, GError **error)
{
    return sm_db_run(ledger->db, error, NULL, "DELETE FROM files WHERE id = ?", "i", file->id);
}

gboolean
sm_file_count_missing(SmLedger *ledger, const char *account, gint64 since, gint64 *count,
                      GError **error)
{
    return sm_db_integer(ledger->db, error, count,
                         "SELECT count(*) FROM files WHERE account = ? AND missing_since > ?", "si",
                         account, since);
}

/*
 * Checks that the claim's update hit its row, and makes file what the row is
 * now. Its account and name stay the same strings: callers pass them on for as
 * long as an attempt lasts.
 */
static gboolean
refresh(SmLedger *ledger, SmFile *file, int changed, GError **error)
{
    SmFile *now;

    if (changed != 1) {
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER,
                    "ledger %s: the claim on %s was lost to another process", ledger->db->path,
                    file->name);
        return FALSE;
    }
    now = sm_file_load(ledger, file->account, file->name, error);
    if (now == NULL)
        return FALSE;
    g_free(now->account);
    now->account = file->account;
    g_free(now->name);
    now->name = file->name;
    clear(file);
    *file = *now;
    g_free(now);
    return TRUE;
}

gboolean
sm_file_reopen(SmLedger *ledger, SmFile *file, GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed,
                     "UPDATE files SET next_attempt = 0, attempts = 0, missing_since = 0,"
                     " missing_times = 0, obstacle = NULL, state = CASE WHEN state IN ('failed',"
                     " 'conflict') THEN 'waiting' ELSE state END WHERE id = ? AND fence = ?",
                     "ii", file->id, file->fence) &&
           refresh(ledger, file, changed, error);
}

gboolean
sm_file_answered(SmLedger *ledger, SmFile *file, GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed,
                     "UPDATE files SET unanswered = 0 WHERE id = ? AND fence = ?", "ii", file->id,
                     file->fence) &&
           refresh(ledger, file, changed, error);
}

gboolean
sm_file_raise_fence(SmLedger *ledger, SmFile *file, gint64 part, GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed,
                     "UPDATE files SET fence = fence + 1, attempts = attempts + 1,"
                     " part = coalesce(nullif(?1, 0), fence + 1), updated = ?2,"
                     " part_etag = CASE WHEN ?1 = 0 THEN NULL ELSE part_etag END,"
                     /* what is being placed answers the events of its own time only */
                     " new_covers = CASE WHEN state = 'placing' THEN new_covers ELSE ?5 END"
                     " WHERE id = ?3 AND fence = ?4",
                     "iiiii", part, sm_ledger_now(), file->id, file->fence, file->newest_event) &&
           refresh(ledger, file, changed, error);
}

gboolean
sm_file_start_over(SmLedger *ledger, SmFile *file, GError **error)
{
    int changed;

    return sm_db_run(
               ledger->db, error, &changed,
               "UPDATE files SET state = CASE WHEN stored > 0 THEN 'stored' ELSE 'waiting' END,"
               " part = fence, part_etag = NULL, new_covers = ? WHERE id = ? AND fence = ?",
               "iii", file->newest_event, file->id, file->fence) &&
           refresh(ledger, file, changed, error);
}

gboolean
sm_file_note_part(SmLedger *ledger, SmFile *file, const char *etag, const char *boot_id,
                  GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed,
                     "UPDATE files SET part_etag = ?, boot_id = ? WHERE id = ? AND fence = ?",
                     "ssii", etag, boot_id, file->id, file->fence) &&
           refresh(ledger, file, changed, error);
}

char *
sm_file_stored_name(const char *name, gboolean encrypted)
{
    return g_strconcat(name, encrypted ? ".gpg" : NULL, NULL);
}

gboolean
sm_file_is_encrypted(const SmFile *file)
{
    return g_strcmp0(file->sha256, file->sha256_plain) != 0;
}

gboolean
sm_file_places_encrypted(const SmFile *file)
{
    return g_strcmp0(file->new_sha256, file->new_sha256_plain) != 0;
}

gboolean
sm_file_placing(SmLedger *ledger, SmFile *file, gint64 size, const char *sha256, const char *etag,
                const char *boot_id, GError **error)
{
    SmContent content = {size, sha256};

    return sm_file_placing_sealed(ledger, file, content, content, etag, boot_id, error);
}

gboolean
sm_file_placing_sealed(SmLedger *ledger, SmFile *file, SmContent part, SmContent plain,
                       const char *etag, const char *boot_id, GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed,
                     "UPDATE files SET state = 'placing', new_size = ?, new_sha256 = ?,"
                     " new_size_plain = ?, new_sha256_plain = ?,"
                     " new_etag = ?, boot_id = ?, updated = ? WHERE id = ? AND fence = ?",
                     "isisssiii", part.size, part.sha256, plain.size, plain.sha256, etag, boot_id,
                     sm_ledger_now(), file->id, file->fence) &&
           refresh(ledger, file, changed, error);
}

/* What was placed, for the log. Caller frees. */
static char *
describe_new(const SmFile *file)
{
    if (!sm_file_places_encrypted(file))
        return g_strdup_printf("%" G_GINT64_FORMAT " bytes, SHA-256 %s", file->new_size,
                               file->new_sha256);
    return g_strdup_printf(
        "%" G_GINT64_FORMAT " bytes, SHA-256 %s, encrypted: %" G_GINT64_FORMAT " bytes, SHA-256 %s",
        file->new_size_plain, file->new_sha256_plain, file->new_size, file->new_sha256);
}

gboolean
sm_file_stored(SmLedger *ledger, SmFile *file, const char *action, gboolean hand_over,
               const char *previous, GError **error)
{
    const char *kind = strcmp(action, "corrected") == 0 ? "corrected" : "new";
    g_autofree char *path = sm_file_stored_name(file->name, sm_file_places_encrypted(file));
    g_autofree char *detail = describe_new(file);
    int changed;

    if (sm_db_begin(ledger->db, error) &&
        sm_db_run(ledger->db, error, &changed,
                  "UPDATE files SET state = 'stored', reason = '', size = new_size,"
                  " sha256 = new_sha256, size_plain = CASE WHEN new_sha256_plain IS NULL"
                  "  THEN new_size ELSE new_size_plain END,"
                  " sha256_plain = coalesce(new_sha256_plain, new_sha256),"
                  " etag = new_etag, path = ?5, records = nullif(?6, -1),"
                  " revision = revision + (?4 = 'corrected'),"
                  " looked = CASE WHEN stored > 0 THEN ?1 ELSE looked END,"
                  " covers = max(covers, new_covers), unanswered = (" NEWEST ") > new_covers,"
                  " stored = ?1, pruned = 0, updated = ?1,"
                  " settled = fence, next_attempt = 0, attempts = 0, missing_since = 0,"
                  " missing_times = 0, part = 0, part_etag = NULL, boot_id = NULL,"
                  " obstacle = NULL WHERE id = ?2 AND fence = ?3",
                  "iiissi", sm_ledger_now(), file->id, file->fence, action, path,
                  file->new_records) &&
        sm_ledger_log(ledger, file->account, file->name, action, detail, error) &&
        (!hand_over || sm_handover_add(ledger, file, kind, previous, error)) &&
        refresh(ledger, file, changed, error) && sm_db_commit(ledger->db, error))
        return TRUE;
    sm_db_rollback(ledger->db);
    return FALSE;
}

gboolean
sm_file_unchanged(SmLedger *ledger, SmFile *file, const char *etag, GError **error)
{
    int changed;

    return sm_db_run(ledger->db, error, &changed,
                     "UPDATE files SET state = 'stored', reason = '', etag = coalesce(?1, etag),"
                     " covers = max(covers, new_covers), unanswered = (" NEWEST ") > new_covers,"
                     " looked = ?2, updated = ?2, settled = fence,"
                     " next_attempt = 0, attempts = 0, missing_since = 0, missing_times = 0,"
                     " part = 0, part_etag = NULL WHERE id = ?3 AND fence = ?4",
                     "siii", etag, sm_ledger_now(), file->id, file->fence) &&
           refresh(ledger, file, changed, error);
}

gboolean
sm_file_settle(SmLedger *ledger, SmFile *file, SmFileState state, const char *reason,
               gint64 next_attempt, gboolean part_kept, GError **error)
{
    g_autofree char *clean = sm_text_clean(reason, REASON_MAX);
    gboolean stored_before = state == SM_FILE_WAITING && file->stored_at > 0;
    SmFileState becomes = stored_before ? SM_FILE_STORED : state;
    gboolean news = file->state != becomes || strcmp(file->reason, clean) != 0;
    int changed;

    if (sm_db_begin(ledger->db, error) &&
        sm_db_run(ledger->db, error, &changed,
                  "UPDATE files SET state = ?1, reason = ?2, next_attempt = ?3, updated = ?4,"
                  " settled = fence, part = CASE WHEN ?5 THEN part ELSE 0 END,"
                  " part_etag = CASE WHEN ?5 THEN part_etag END, missing_since = ?6,"
                  " missing_times = ?7, obstacle = ?8, unanswered = CASE"
                  "  WHEN ?1 IN ('dropped', 'not wanted', 'conflict') THEN 0"
                  "  WHEN ?1 = 'failed' THEN (" NEWEST ") > new_covers ELSE unanswered END"
                  " WHERE id = ?9 AND fence = ?10",
                  "ssiiiiisii", state_names[becomes], clean, next_attempt, sm_ledger_now(),
                  (gint64)part_kept, file->missing_since, file->missing_times, file->obstacle,
                  file->id, file->fence) &&
        (!news ||
         sm_ledger_log(ledger, file->account, file->name, state_names[state], clean, error)) &&
        refresh(ledger, file, changed, error) && sm_db_commit(ledger->db, error))
        return TRUE;
    sm_db_rollback(ledger->db);
    return FALSE;
}
