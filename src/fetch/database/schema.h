/* The ledger's tables and their versions. */
#pragma once

#include "fetch/database/db.h"

#define SM_SCHEMA_VERSION 3 /* that this program makes */

/* What makes the tables of version N out of those of version N - 1, from the first on. */
extern const char *const sm_schema_tables[SM_SCHEMA_VERSION];

/*
 * The triggers in the words that all kinds share, each as TRIGGER(name, when, body); what refuses a
 * change has its reason between RAISE and END_RAISE. Counters cost nothing to read.
 */
/* clang-format off */
#define SM_SCHEMA_TRIGGERS(TRIGGER, RAISE, END_RAISE)                                              \
    TRIGGER("event_came", "AFTER INSERT ON events FOR EACH ROW",                                   \
            "UPDATE files SET unanswered = 1 WHERE account = new.account AND name = new.name;")    \
    TRIGGER("file_made", "AFTER INSERT ON files FOR EACH ROW", SM_SCHEMA_COUNT_NEW)                \
    TRIGGER("file_moved",                                                                          \
            "AFTER UPDATE OF state ON files FOR EACH ROW WHEN (old.state <> new.state)",           \
            SM_SCHEMA_COUNT_OLD SM_SCHEMA_COUNT_NEW)                                               \
    TRIGGER("file_gone", "AFTER DELETE ON files FOR EACH ROW", SM_SCHEMA_COUNT_OLD)                \
    TRIGGER("log_is_final", "BEFORE UPDATE ON log FOR EACH ROW",                                   \
            RAISE "rows of the log are never rewritten" END_RAISE)                                 \
    TRIGGER("log_counted", "AFTER INSERT ON log FOR EACH ROW",                                     \
            "INSERT INTO days VALUES (new.account, new.at / 86400, new.action, 1)"                 \
            " ON CONFLICT (account, day, action) DO UPDATE SET times = days.times + 1;")
#define SM_SCHEMA_COUNT_OLD                                                                        \
    "UPDATE totals SET files = files - 1 WHERE account = old.account AND state = old.state;"
#define SM_SCHEMA_COUNT_NEW                                                                        \
    "INSERT INTO totals VALUES (new.account, new.state, 1)"                                        \
    " ON CONFLICT (account, state) DO UPDATE SET files = totals.files + 1;"
/* clang-format on */

/* How a kind of database wants it. */
typedef struct {
    const char *const (*words)[2]; /* of the tables' text, and what to write for them; ends with
                                      NULL; NULL: it is as it is */
    const char
        *triggers;    /* and functions: they come with the tables of version 2, and do not change */
    const char *note; /* notes SM_SCHEMA_VERSION */
    /* queries for what there is of tables, columns, indexes and triggers, in words that all kinds
     * have in common */
    const char *parts[4];
} SmSchemaDialect;

extern const SmSchemaDialect sm_schema_sqlite, sm_schema_postgresql;

/*
 * Brings the ledger to this version's schema; the caller holds SM_LOCK_SCHEMA.
 * An older file is copied to PATH.schema-VERSION before. SM_ERROR_LEDGER when a
 * newer version made it.
 */
gboolean sm_ledger_schema_ensure(SmDb *db, GError **error);

/* Whether the tables of the version that db has are whole, with columns, indexes and triggers; more
 * may be there. SM_ERROR_LEDGER, with what is missing. */
gboolean sm_ledger_schema_is_whole(SmDb *db, gint64 version, GError **error);
