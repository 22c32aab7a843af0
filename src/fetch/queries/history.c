#include "fetch/queries/history.h"

#include <stdio.h>

#include "fetch/queries/listing.h"

/* A worker fetches what messages announced, and what it found in the listing by itself. */
#define WAY(command, account, name)                                                                \
    "CASE WHEN " command " IN ('get', 'adopt', 'retry') THEN 2 WHEN " command " = 'sync' THEN 1"   \
    " WHEN " command " = 'deliver' THEN 0 WHEN EXISTS (SELECT 1 FROM events e"                     \
    " WHERE e.account = " account " AND e.name = " name " AND e.kind <> 'listing') THEN 0"         \
    " ELSE 1 END"

/* Who is handed rows, of one kind. */
typedef struct {
    SmHistoryTakeStored stored;
    SmHistoryTakeDelivery delivery;
    SmHistoryTakeFile file;
    gpointer user_data;
} Reader;

static gboolean
take_stored(const SmRow *row, gpointer user_data)
{
    const Reader *reader = user_data;

    reader->stored(
        &(SmHistoryStored){sm_row_text(row, 0), sm_row_int64(row, 1), (SmWay)sm_row_int64(row, 2)},
        reader->user_data);
    return TRUE;
}

gboolean
sm_history_stored(SmLedger *ledger, const char *account, gint64 since, SmHistoryTakeStored take,
                  gpointer user_data, GError **error)
{
    Reader reader = {.stored = take, .user_data = user_data};

    return sm_db_each(ledger->db, error, &(SmTaker){take_stored, &reader},
                      "SELECT l.account, l.at, " WAY("l.command", "l.account",
                                                     "l.name") " FROM log l WHERE l.at >= ?"
                                                               " AND l.action IN ('stored',"
                                                               " 'corrected') AND l.account ="
                                                               " coalesce(?, l.account)",
                      "is", since, account);
}

static gboolean
take_delivery(const SmRow *row, gpointer user_data)
{
    const Reader *reader = user_data;

    reader->delivery(&(SmHistoryDelivery){sm_row_text(row, 0), sm_row_text(row, 1),
                                          sm_row_text(row, 2), sm_row_int64(row, 3)},
                     reader->user_data);
    return TRUE;
}

gboolean
sm_history_deliveries(SmLedger *ledger, const char *account, gint64 since,
                      SmHistoryTakeDelivery take, gpointer user_data, GError **error)
{
    Reader reader = {.delivery = take, .user_data = user_data};

    return sm_db_each(
        ledger->db, error, &(SmTaker){take_delivery, &reader},
        "SELECT account, name, listed_delivered, stored FROM files"
        " WHERE stored >= ? AND stored > 0 AND revision = 0 AND listed_delivered IS NOT NULL"
        " AND account = coalesce(?, account)",
        "is", since, account);
}

static gboolean
take_began(const SmRow *row, gpointer user_data)
{
    SmHistoryAccount *account = g_hash_table_lookup(user_data, sm_row_text(row, 0));

    if (account != NULL)
        account->began = sm_row_int64(row, 1);
    return TRUE;
}

static gboolean
take_secret(const SmRow *row, gpointer user_data)
{
    SmHistoryAccount *account = g_hash_table_lookup(user_data, sm_row_text(row, 0));

    if (account == NULL)
        return TRUE;
    account->secret_since = sm_row_int64(row, 1);
    account->rejected_at = sm_row_int64(row, 2);
    return TRUE;
}

static gboolean
take_types(const SmRow *row, gpointer user_data)
{
    SmHistoryAccount *account = g_hash_table_lookup(user_data, sm_row_text(row, 0));

    if (account == NULL)
        return TRUE;
    account->csv = sm_row_int64(row, 1);
    account->txt = sm_row_int64(row, 2);
    return TRUE;
}

gboolean
sm_history_accounts(SmLedger *ledger, GHashTable *by_name, gint64 since, GError **error)
{
    return sm_db_each(ledger->db, error, &(SmTaker){take_began, by_name},
                      "SELECT account, min(day) * 86400 FROM days GROUP BY account", "") &&
           sm_db_each(ledger->db, error, &(SmTaker){take_secret, by_name},
                      "SELECT name, secret_since,"
                      " CASE WHEN rejected IS NULL OR proven IS NOT NULL THEN 0 ELSE rejected_at "
                      "END FROM accounts",
                      "") &&
           sm_db_each(ledger->db, error, &(SmTaker){take_types, by_name},
                      "SELECT account, sum(CASE WHEN lower(name) LIKE '%.csv' THEN 1 ELSE 0 END),"
                      " sum(CASE WHEN lower(name) LIKE '%.txt' THEN 1 ELSE 0 END)"
                      " FROM files WHERE announced >= ? GROUP BY account",
                      "i", since);
}

void
sm_history_file_free(SmHistoryFile *file)
{
    if (file == NULL)
        return;
    g_free(file->account);
    g_free(file->name);
    g_free(file->reason);
    g_free(file->sha256);
    g_free(file);
}

static void
release_file(gpointer file)
{
    sm_history_file_free(file);
}

/* The columns of SmHistoryFile, but for the way. */
#define COLUMNS                                                                                    \
    "f.account, f.name, f.state, f.reason, f.announced, f.stored, f.pruned, f.next_attempt,"       \
    " f.listed, coalesce(f.listed_records, -1), coalesce(f.size_plain, f.size),"                   \
    " coalesce(f.records, -1), coalesce(f.sha256_plain, f.sha256)"

static gpointer
file_from_row(const SmRow *row)
{
    SmHistoryFile *file = g_new(SmHistoryFile, 1);

    *file = (SmHistoryFile){.account = sm_row_dup(row, 0),
                            .name = sm_row_dup(row, 1),
                            .state = sm_file_state_from_name(sm_row_text(row, 2)),
                            .reason = sm_row_dup(row, 3),
                            .announced_at = sm_row_int64(row, 4),
                            .stored_at = sm_row_int64(row, 5),
                            .pruned_at = sm_row_int64(row, 6),
                            .next_attempt = sm_row_int64(row, 7),
                            .listed_at = sm_row_int64(row, 8),
                            .listed_records = sm_row_int64(row, 9),
                            .size = sm_row_int64(row, 10),
                            .records = sm_row_int64(row, 11),
                            .sha256 = sm_row_dup(row, 12),
                            .way = (SmWay)sm_row_int64(row, 13)};
    return file;
}

static const SmMaker files = {file_from_row, release_file};

/* The newest first, and only then what the log says of each. */
GPtrArray *
sm_history_newest(SmLedger *ledger, const char *account, guint max, GError **error)
{
    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS
                      ", " WAY("coalesce(l.command, f.origin)", "f.account",
                               "f.name") " FROM (SELECT * FROM files WHERE stored > 0"
                                         " AND account = coalesce(?, account)"
                                         " ORDER BY stored DESC, id DESC LIMIT ?) f"
                                         " LEFT JOIN log l ON l.id = (SELECT max(o.id) FROM"
                                         " log o WHERE o.account = f.account AND o.name ="
                                         " f.name AND o.action IN ('stored', 'corrected',"
                                         " 'adopted')) ORDER BY f.stored DESC, f.id DESC",
                      "si", account, (gint64)max);
}

static gboolean
take_file(const SmRow *row, gpointer user_data)
{
    const Reader *reader = user_data;

    reader->file(file_from_row(row), reader->user_data);
    return TRUE;
}

gboolean
sm_history_open(SmLedger *ledger, const char *account, SmHistoryTakeFile take, gpointer user_data,
                GError **error)
{
    Reader reader = {.file = take, .user_data = user_data};

    return sm_db_each(ledger->db, error, &(SmTaker){take_file, &reader},
                      "SELECT " COLUMNS ", 0 FROM files f WHERE f.state IN ('waiting', 'placing',"
                      " 'failed', 'conflict') AND f.account = coalesce(?, f.account)"
                      " ORDER BY f.updated DESC, f.id DESC",
                      "s", account);
}

#define UNWANTED                                                                                   \
    " FROM files f WHERE f.state = 'not wanted' AND f.listed > 0"                                  \
    " AND f.reason <> '" SM_LISTING_KNOWN_REASON "' AND f.account = coalesce(?, f.account)"

GPtrArray *
sm_history_unwanted(SmLedger *ledger, const char *account, guint max, gint64 *count, GError **error)
{
    if (!sm_db_integer(ledger->db, error, count, "SELECT count(*)" UNWANTED, "s", account))
        return NULL;
    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS ", 0" UNWANTED " ORDER BY f.listed DESC, f.id DESC LIMIT ?",
                      "si", account, (gint64)max);
}

static void
release_correction(gpointer data)
{
    SmHistoryCorrection *correction = data;

    g_free(correction->account);
    g_free(correction->name);
    g_free(correction->now.sha256);
    g_free(correction->before.sha256);
    g_free(correction);
}

/* By what the log says of it, as updates.c words that. */
static SmHistoryVersion
version_from_row(const SmRow *row, int column)
{
    SmHistoryVersion version = {.at = sm_row_int64(row, column)};
    const char *detail = sm_row_text(row, column + 1);
    char sha256[65] = "";

    if (detail != NULL)
        sscanf(detail, "%" G_GINT64_FORMAT " bytes, SHA-256 %64[0-9a-f]", &version.size, sha256);
    version.sha256 = g_strdup(sha256);
    return version;
}

static gpointer
correction_from_row(const SmRow *row)
{
    SmHistoryCorrection *correction = g_new(SmHistoryCorrection, 1);

    *correction = (SmHistoryCorrection){sm_row_dup(row, 0), sm_row_dup(row, 1),
                                        version_from_row(row, 2), version_from_row(row, 4)};
    return correction;
}

GPtrArray *
sm_history_corrections(SmLedger *ledger, const char *account, gint64 since, guint max,
                       GError **error)
{
    static const SmMaker corrections = {correction_from_row, release_correction};

    return sm_db_list(ledger->db, error, &corrections,
                      "SELECT c.account, c.name, c.at, c.detail, p.at, p.detail FROM (SELECT *"
                      " FROM log WHERE action = 'corrected' AND at >= ?"
                      " AND account = coalesce(?, account) ORDER BY id DESC LIMIT ?) c"
                      " LEFT JOIN log p ON p.id = (SELECT max(o.id) FROM log o"
                      " WHERE o.account = c.account AND o.name = c.name AND o.id < c.id"
                      " AND o.action IN ('stored', 'corrected', 'adopted')) ORDER BY c.id DESC",
                      "isi", since, account, (gint64)max);
}
