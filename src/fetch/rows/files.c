#include "fetch/rows/files.h"

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

/* When the last of its messages was received; if it does not say, when it was read. */
#define POSTED                                                                                     \
    "SELECT coalesce(max(iif(e.received > 0, min(e.received, e.first_seen), e.first_seen)), 0)"    \
    " FROM events e WHERE e.account = files.account AND e.name = files.name"

/* Each column with its member; the state is a name, and has none. */
#define FIELDS(F)                                                                                  \
    F("account", account)                                                                          \
    F("name", name)                                                                                \
    F("reason", reason)                                                                            \
    F("size", stored.size)                                                                         \
    F("sha256", stored.sha256)                                                                     \
    F("coalesce(size_plain, size)", stored.size_plain)                                             \
    F("coalesce(sha256_plain, sha256)", stored.sha256_plain)                                       \
    F("new_size_plain", placing.size_plain)                                                        \
    F("coalesce(new_sha256_plain, new_sha256)", placing.sha256_plain)                              \
    F("etag", stored.etag)                                                                         \
    F("path", path)                                                                                \
    F("revision", revision)                                                                        \
    F("covers", stored.covers)                                                                     \
    F("announced", announced_at)                                                                   \
    F("updated", updated_at)                                                                       \
    F("stored", stored_at)                                                                         \
    F("pruned", pruned_at)                                                                         \
    F("looked", looked_at)                                                                         \
    F("attempts", attempts)                                                                        \
    F("next_attempt", next_attempt)                                                                \
    F("missing_since", missing_since)                                                              \
    F("missing_times", missing_times)                                                              \
    F("fence", fence)                                                                              \
    F("settled", settled)                                                                          \
    F("part", part)                                                                                \
    F("part_etag", part_etag)                                                                      \
    F("boot_id", boot_id)                                                                          \
    F("new_size", placing.size)                                                                    \
    F("new_sha256", placing.sha256)                                                                \
    F("new_etag", placing.etag)                                                                    \
    F("new_covers", placing.covers)                                                                \
    F("obstacle", obstacle)                                                                        \
    F("listed", listed.at)                                                                         \
    F("coalesce(listed_size, -1)", listed.size)                                                    \
    F("listed_delivered", listed.delivered)                                                        \
    F("coalesce(listed_records, -1)", listed.records)                                              \
    F("coalesce(records, -1)", stored.records)                                                     \
    F("unanswered", unanswered)                                                                    \
    F("(" NEWEST ")", newest_event)                                                                \
    F("(" POSTED ")", posted_at)

#define COLUMN(sql, member) ", " sql
#define FIELD(sql, member) SM_FIELD(SmFile, member),
#define COLUMNS "state, id" FIELDS(COLUMN)

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
    return SM_FILE_WAITING; /* the table's CHECK allows no other name */
}

static void
finish(gpointer made, const SmRow *row)
{
    SmFile *file = made;

    file->state = sm_file_state_from_name(sm_row_text(row, 0));
    file->placing.records = -1;
}

static const SmField fields[] = {{'-', 0}, SM_FIELD(SmFile, id), FIELDS(FIELD)};
static const SmMaker files = {sizeof(SmFile), fields, G_N_ELEMENTS(fields), finish, sm_file_free};

void
sm_file_free(gpointer file)
{
    if (file == NULL)
        return;
    sm_db_clear(&files, file);
    g_free(file);
}

SmFile *
sm_file_load(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    return sm_db_first(ledger->db, error, &files,
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

GPtrArray *
sm_file_due_accounts(SmLedger *ledger, gint64 now, GError **error)
{
    return sm_db_list(ledger->db, error, &sm_db_texts,
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

static const SmField of_arrival[] = {SM_FIELD(SmFileArrival, by_sync),
                                     SM_FIELD(SmFileArrival, delivered),
                                     SM_FIELD(SmFileArrival, stored_at)};
static const SmMaker arrivals = SM_MAKER(SmFileArrival, of_arrival, NULL);

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
    return sm_db_has(ledger->db, error, has,
                     "SELECT 1 FROM files WHERE lower(name) = lower(?1) AND name <> ?1"
                     " AND stored > 0",
                     "s", name);
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
