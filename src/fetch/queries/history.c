#include "fetch/queries/history.h"

#include <stdio.h>

#include "fetch/queries/listing.h"

/* A worker fetches what messages announced, and what it found in a listing. */
#define WAY(command, account, name)                                                                \
    "CASE WHEN " command " IN ('get', 'adopt', 'retry') THEN 2 WHEN " command " = 'sync' THEN 1"   \
    " WHEN " command " = 'deliver' THEN 0 WHEN EXISTS (SELECT 1 FROM events e"                     \
    " WHERE e.account = " account " AND e.name = " name " AND e.kind <> 'listing') THEN 0"         \
    " ELSE 1 END"

static const SmField of_stored[] = {SM_FIELD(SmHistoryStored, account),
                                    SM_FIELD(SmHistoryStored, at), SM_FIELD(SmHistoryStored, way)};
static const SmMaker stored = SM_MAKER(SmHistoryStored, of_stored, NULL);

gboolean
sm_history_stored(SmLedger *ledger, const char *account, gint64 since, SmTakeMade take,
                  gpointer user_data, GError **error)
{
    const SmReader reader = {&stored, take, user_data};

    return sm_db_read(ledger->db, error, &reader,
                      "SELECT l.account, l.at, " WAY("l.command", "l.account",
                                                     "l.name") " FROM log l WHERE l.at >= ?"
                                                               " AND l.action IN ('stored',"
                                                               " 'corrected') AND l.account ="
                                                               " coalesce(?, l.account)",
                      "is", since, account);
}

static const SmField of_delivery[] = {
    SM_FIELD(SmHistoryDelivery, account), SM_FIELD(SmHistoryDelivery, name),
    SM_FIELD(SmHistoryDelivery, delivered), SM_FIELD(SmHistoryDelivery, stored_at)};
static const SmMaker deliveries = SM_MAKER(SmHistoryDelivery, of_delivery, NULL);

gboolean
sm_history_deliveries(SmLedger *ledger, const char *account, gint64 since, SmTakeMade take,
                      gpointer user_data, GError **error)
{
    const SmReader reader = {&deliveries, take, user_data};

    return sm_db_read(
        ledger->db, error, &reader,
        "SELECT account, name, listed_delivered, stored FROM files"
        " WHERE stored >= ? AND stored > 0 AND revision = 0 AND listed_delivered IS NOT NULL"
        " AND account = coalesce(?, account)",
        "is", since, account);
}

gboolean
sm_history_accounts(SmLedger *ledger, GHashTable *by_name, gint64 since, GError **error)
{
    static const SmField of_days[] = {SM_FIELD(SmHistoryAccount, began)};
    static const SmField of_secrets[] = {SM_FIELD(SmHistoryAccount, secret_since),
                                         SM_FIELD(SmHistoryAccount, rejected_at)};
    static const SmField of_files[] = {SM_FIELD(SmHistoryAccount, csv),
                                       SM_FIELD(SmHistoryAccount, txt)};

    return sm_db_fill(ledger->db, error, &(SmFiller){by_name, of_days, G_N_ELEMENTS(of_days)},
                      "SELECT account, min(day) * 86400 FROM days GROUP BY account", "") &&
           sm_db_fill(ledger->db, error, &(SmFiller){by_name, of_secrets, G_N_ELEMENTS(of_secrets)},
                      "SELECT name, secret_since, CASE WHEN rejected IS NULL OR proven IS NOT NULL"
                      " THEN 0 ELSE rejected_at END FROM accounts",
                      "") &&
           sm_db_fill(ledger->db, error, &(SmFiller){by_name, of_files, G_N_ELEMENTS(of_files)},
                      "SELECT account, sum(CASE WHEN lower(name) LIKE '%.csv' THEN 1 ELSE 0 END),"
                      " sum(CASE WHEN lower(name) LIKE '%.txt' THEN 1 ELSE 0 END)"
                      " FROM files WHERE announced >= ? GROUP BY account",
                      "i", since);
}

/* The columns of SmHistoryFile, but for the way. */
#define COLUMNS                                                                                    \
    "f.account, f.name, f.state, f.reason, f.announced, f.stored, f.pruned, f.next_attempt,"       \
    " f.listed, coalesce(f.listed_records, -1), coalesce(f.size_plain, f.size),"                   \
    " coalesce(f.records, -1), coalesce(f.sha256_plain, f.sha256)"

static void
set_state(gpointer made, const SmRow *row)
{
    SmHistoryFile *file = made;

    file->state = sm_file_state_from_name(sm_row_text(row, 2));
}

static const SmField of_file[] = {SM_FIELD(SmHistoryFile, account),
                                  SM_FIELD(SmHistoryFile, name),
                                  {'-', 0},
                                  SM_FIELD(SmHistoryFile, reason),
                                  SM_FIELD(SmHistoryFile, announced_at),
                                  SM_FIELD(SmHistoryFile, stored_at),
                                  SM_FIELD(SmHistoryFile, pruned_at),
                                  SM_FIELD(SmHistoryFile, next_attempt),
                                  SM_FIELD(SmHistoryFile, listed_at),
                                  SM_FIELD(SmHistoryFile, listed_records),
                                  SM_FIELD(SmHistoryFile, size),
                                  SM_FIELD(SmHistoryFile, records),
                                  SM_FIELD(SmHistoryFile, sha256),
                                  SM_FIELD(SmHistoryFile, way)};
static const SmMaker files = SM_MAKER(SmHistoryFile, of_file, set_state);

/* Limits the newest files first, before the log is read for each. */
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

GPtrArray *
sm_history_open(SmLedger *ledger, const char *account, guint max, GError **error)
{
    return sm_db_list(ledger->db, error, &files,
                      "SELECT " COLUMNS ", 0 FROM (SELECT *, row_number() OVER"
                      " (PARTITION BY account ORDER BY updated DESC, id DESC) AS place FROM files"
                      " WHERE state IN ('waiting', 'placing', 'failed', 'conflict')"
                      " AND account = coalesce(?, account)) f WHERE f.place <= ?"
                      " ORDER BY f.updated DESC, f.id DESC",
                      "si", account, (gint64)max);
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

/* Recognises them by the words of updates.c in the log. */
static void
read_detail(SmHistoryVersion *version, const char *detail)
{
    if (detail != NULL)
        sscanf(detail, "%" G_GINT64_FORMAT " bytes, SHA-256 %64[0-9a-f]", &version->size,
               version->sha256);
}

static void
read_details(gpointer made, const SmRow *row)
{
    SmHistoryCorrection *correction = made;

    read_detail(&correction->now, sm_row_text(row, 4));
    read_detail(&correction->before, sm_row_text(row, 5));
}

static const SmField of_correction[] = {
    SM_FIELD(SmHistoryCorrection, account), SM_FIELD(SmHistoryCorrection, name),
    SM_FIELD(SmHistoryCorrection, now.at), SM_FIELD(SmHistoryCorrection, before.at)};
static const SmMaker corrections = SM_MAKER(SmHistoryCorrection, of_correction, read_details);

GPtrArray *
sm_history_corrections(SmLedger *ledger, const char *account, gint64 since, guint max,
                       GError **error)
{
    return sm_db_list(ledger->db, error, &corrections,
                      "SELECT c.account, c.name, c.at, p.at, c.detail, p.detail FROM (SELECT *"
                      " FROM log WHERE action = 'corrected' AND at >= ?"
                      " AND account = coalesce(?, account) ORDER BY id DESC LIMIT ?) c"
                      " LEFT JOIN log p ON p.id = (SELECT max(o.id) FROM log o"
                      " WHERE o.account = c.account AND o.name = c.name AND o.id < c.id"
                      " AND o.action IN ('stored', 'corrected', 'adopted')) ORDER BY c.id DESC",
                      "isi", since, account, (gint64)max);
}
