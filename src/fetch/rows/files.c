#include "fetch/rows/files.h"

#include <string.h>

#include "common/event/name.h"
#include "fetch/rules/pause.h"

static const char *const state_names[] = {
    [SM_FILE_WAITING] = "waiting",   [SM_FILE_PLACING] = "placing",
    [SM_FILE_STORED] = "stored",     [SM_FILE_DROPPED] = "dropped",
    [SM_FILE_FAILED] = "failed",     [SM_FILE_NOT_WANTED] = "not wanted",
    [SM_FILE_CONFLICT] = "conflict",
};

#define NEWEST                                                                                     \
    "SELECT coalesce(max(e.id), 0) FROM events e"                                                  \
    " WHERE e.account = files.account AND e.name = files.name"

/* When the last of its messages was received; one that does not say so, when it was read. */
#define POSTED                                                                                     \
    "SELECT coalesce(max(iif(e.received > 0, min(e.received, e.first_seen), e.first_seen)), 0)"    \
    " FROM events e WHERE e.account = files.account AND e.name = files.name"

#define COLUMNS                                                                                    \
    "id, account, name, state, reason, size, sha256,"                                              \
    " coalesce(size_plain, size), coalesce(sha256_plain, sha256),"                                 \
    " new_size_plain, coalesce(new_sha256_plain, new_sha256), etag, path, revision, covers,"       \
    " announced, updated, stored, pruned, looked, attempts, next_attempt, missing_since, "         \
    "missing_times,"                                                                               \
    " fence, settled, part, part_etag, boot_id, new_size, new_sha256, new_etag, new_covers,"       \
    " obstacle, listed, coalesce(listed_size, -1), listed_delivered,"                              \
    " coalesce(listed_records, -1), coalesce(records, -1), unanswered, (" NEWEST "), (" POSTED ")"

const char *
sm_file_state_name(SmFileState state)
{
    return state_names[state];
}

gboolean
sm_file_has_failed(const SmFile *file)
{
    return file->state == SM_FILE_FAILED && file->newest_event <= file->placing.covers;
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
from_row(const SmRow *row)
{
    SmFile *file = g_new0(SmFile, 1);
    int column = 0;

    file->id = sm_row_int64(row, column++);
    file->account = sm_row_dup(row, column++);
    file->name = sm_row_dup(row, column++);
    file->state = sm_file_state_from_name(sm_row_text(row, column++));
    file->reason = sm_row_dup(row, column++);
    file->stored.size = sm_row_int64(row, column++);
    file->stored.sha256 = sm_row_dup(row, column++);
    file->stored.size_plain = sm_row_int64(row, column++);
    file->stored.sha256_plain = sm_row_dup(row, column++);
    file->placing.size_plain = sm_row_int64(row, column++);
    file->placing.sha256_plain = sm_row_dup(row, column++);
    file->stored.etag = sm_row_dup(row, column++);
    file->path = sm_row_dup(row, column++);
    file->revision = sm_row_int64(row, column++);
    file->stored.covers = sm_row_int64(row, column++);
    file->announced_at = sm_row_int64(row, column++);
    file->updated_at = sm_row_int64(row, column++);
    file->stored_at = sm_row_int64(row, column++);
    file->pruned_at = sm_row_int64(row, column++);
    file->looked_at = sm_row_int64(row, column++);
    file->attempts = sm_row_int64(row, column++);
    file->next_attempt = sm_row_int64(row, column++);
    file->missing_since = sm_row_int64(row, column++);
    file->missing_times = sm_row_int64(row, column++);
    file->fence = sm_row_int64(row, column++);
    file->settled = sm_row_int64(row, column++);
    file->part = sm_row_int64(row, column++);
    file->part_etag = sm_row_dup(row, column++);
    file->boot_id = sm_row_dup(row, column++);
    file->placing.size = sm_row_int64(row, column++);
    file->placing.sha256 = sm_row_dup(row, column++);
    file->placing.etag = sm_row_dup(row, column++);
    file->placing.covers = sm_row_int64(row, column++);
    file->obstacle = sm_row_dup(row, column++);
    file->listed.at = sm_row_int64(row, column++);
    file->listed.size = sm_row_int64(row, column++);
    file->listed.delivered = sm_row_dup(row, column++);
    file->listed.records = sm_row_int64(row, column++);
    file->stored.records = sm_row_int64(row, column++);
    file->unanswered = sm_row_int64(row, column++);
    file->newest_event = sm_row_int64(row, column++);
    file->posted_at = sm_row_int64(row, column++);
    file->placing.records = -1;
    return file;
}

static void
clear(SmFile *file)
{
    char **strings[] = {&file->account,
                        &file->name,
                        &file->reason,
                        &file->stored.sha256,
                        &file->stored.sha256_plain,
                        &file->stored.etag,
                        &file->path,
                        &file->part_etag,
                        &file->boot_id,
                        &file->obstacle,
                        &file->placing.sha256,
                        &file->placing.sha256_plain,
                        &file->placing.etag,
                        &file->listed.delivered};

    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(*strings[i]);
}

void
sm_file_free(SmFile *file)
{
    if (file == NULL)
        return;
    clear(file);
    g_free(file);
}

static void
release(gpointer file)
{
    sm_file_free(file);
}

static const SmMaker files = {from_row, release};

SmFile *
sm_file_load(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    return sm_db_first(ledger->db, error, from_row,
                       "SELECT " COLUMNS " FROM files WHERE account = ? AND name = ?", "ss",
                       account, name);
}

GPtrArray *
sm_file_list(SmLedger *ledger, const char *account, guint max, GError **error)
{
    const char *sql = account == NULL ? "SELECT " COLUMNS " FROM files WHERE ?1 IS NULL"
                                        " ORDER BY updated DESC, id DESC LIMIT ?2"
                                      : "SELECT " COLUMNS " FROM files WHERE account = ?1"
                                        " ORDER BY updated DESC, id DESC LIMIT ?2";

    return sm_db_list(ledger->db, error, &files, sql, "si", account,
                      max > 0 ? (gint64)max : G_MAXINT64);
}

GPtrArray *
sm_file_list_troubles(SmLedger *ledger, const char *account, guint max, GError **error)
{
    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS " FROM files WHERE account = ?"
                      " AND state IN ('failed', 'conflict') ORDER BY updated DESC, id DESC LIMIT ?",
                      "si", account, (gint64)max);
}

#define IS_DUE                                                                                     \
    " (state IN ('waiting', 'placing') OR unanswered <> 0)"                                        \
    " AND next_attempt NOT BETWEEN ?1 + 1 AND ?2 "

GPtrArray *
sm_file_due(SmLedger *ledger, const char *account, gint64 now, GError **error)
{
    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS " FROM files WHERE" IS_DUE
                      "AND account = ?3 ORDER BY next_attempt, attempts, (" POSTED ") DESC, id",
                      "iis", now, now + SM_PAUSE_LONGEST, account);
}

GPtrArray *
sm_file_pending(SmLedger *ledger, const char *account, guint max, GError **error)
{
    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS " FROM files"
                      " WHERE (state IN ('waiting', 'placing') OR unanswered <> 0)"
                      " AND account = coalesce(?, account)"
                      " ORDER BY fence > settled DESC, next_attempt, id LIMIT ?",
                      "si", account, (gint64)max);
}

static gpointer
account_from_row(const SmRow *row)
{
    return sm_row_dup(row, 0);
}

GPtrArray *
sm_file_due_accounts(SmLedger *ledger, gint64 now, GError **error)
{
    static const SmMaker accounts = {account_from_row, g_free};

    return sm_db_list(ledger->db, error, &accounts,
                      "SELECT account FROM files WHERE" IS_DUE
                      "GROUP BY account ORDER BY min(next_attempt), min(id)",
                      "ii", now, now + SM_PAUSE_LONGEST);
}

GPtrArray *
sm_file_unknown(SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS " FROM files WHERE account || '' = ?"
                      " AND (state IN ('waiting', 'placing') OR unanswered <> 0)"
                      " AND next_attempt >= 0 AND state = 'waiting'"
                      " AND stored = 0 AND listed = 0 AND EXISTS (SELECT 1 FROM events e"
                      "  WHERE e.account = files.account AND e.name = files.name)",
                      "s", account);
}

GPtrArray *
sm_file_siblings(SmLedger *ledger, const SmFile *file, GError **error)
{
    g_autofree char *stem = sm_name_stem(file->name);

    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS " FROM files WHERE account = ? AND stem = ? AND id <> ?"
                      " ORDER BY id",
                      "ssi", file->account, stem, file->id);
}

static gpointer
arrival_from_row(const SmRow *row)
{
    SmFileArrival *arrival = g_new(SmFileArrival, 1);

    *arrival = (SmFileArrival){sm_row_int64(row, 0) != 0, sm_row_dup(row, 1), sm_row_int64(row, 2)};
    return arrival;
}

static void
arrival_free(gpointer data)
{
    SmFileArrival *arrival = data;

    g_free(arrival->delivered);
    g_free(arrival);
}

static const SmMaker arrivals = {arrival_from_row, arrival_free};

GPtrArray *
sm_file_arrivals(SmLedger *ledger, const char *account, gint64 until, guint max, GError **error)
{
    return sm_db_list(ledger->db, error, &arrivals,
                      "SELECT listed > 0 AND origin NOT IN ('get', 'adopt') AND NOT EXISTS"
                      " (SELECT 1 FROM events WHERE events.account = files.account"
                      "  AND events.name = files.name AND kind <> 'listing'),"
                      " listed_delivered, stored FROM files"
                      " WHERE account = ? AND stored > 0 AND stored <= ?"
                      " ORDER BY stored DESC, id DESC LIMIT ?",
                      "sii", account, until, (gint64)max);
}

gboolean
sm_file_largest(SmLedger *ledger, const char *account, gint64 *size, GError **error)
{
    return sm_db_integer(ledger->db, error, size,
                         "SELECT max(size) FROM files WHERE account = ? AND stored > 0", "s",
                         account);
}

gboolean
sm_file_has_twin(SmLedger *ledger, const char *name, gboolean *has, GError **error)
{
    gint64 count;
    gboolean ok = sm_db_integer(ledger->db, error, &count,
                                "SELECT count(*) FROM files WHERE lower(name) = lower(?1)"
                                " AND name <> ?1 AND stored > 0",
                                "s", name);

    *has = ok && count > 0;
    return ok;
}

gboolean
sm_file_ensure(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    g_autofree char *stem = sm_name_stem(name);

    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO files (account, name, stem, announced, updated, origin)"
                     " VALUES (?1, ?2, ?3, ?4, ?4, ?5) ON CONFLICT (account, name) DO NOTHING",
                     "sssis", account, name, stem, sm_ledger_now(), ledger->command);
}

gboolean
sm_file_forget(SmLedger *ledger, const SmFile *file, GError **error)
{
    return sm_db_run(ledger->db, error, NULL, "DELETE FROM files WHERE id = ?", "i", file->id);
}

gboolean
sm_file_count_alike(SmLedger *ledger, const SmFile *file, gint64 *count, GError **error)
{
    g_autofree char *end = g_strconcat(".", sm_name_extension(file->name), NULL);

    return sm_db_integer(ledger->db, error, count,
                         "SELECT count(*) FROM files WHERE account = ?1 AND id < ?2"
                         " AND substr(lower(name), length(name) - length(?3) + 1) = lower(?3)",
                         "sis", file->account, file->id, end);
}

char *
sm_file_stored_name(const char *name, gboolean encrypted)
{
    return g_strconcat(name, encrypted ? ".gpg" : NULL, NULL);
}

gboolean
sm_file_is_encrypted(const SmFile *file)
{
    return g_strcmp0(file->stored.sha256, file->stored.sha256_plain) != 0;
}

gboolean
sm_file_places_encrypted(const SmFile *file)
{
    return g_strcmp0(file->placing.sha256, file->placing.sha256_plain) != 0;
}
