#include "fetch/database/schema.h"

/* In SQLite's words. No STRICT tables: SQLite 3.34 does not know them. AUTOINCREMENT: an id names a
 * lock byte and is never used twice. */
static const char version_1[] =
    "CREATE TABLE files ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " account TEXT NOT NULL, name TEXT NOT NULL, stem TEXT NOT NULL,"
    " state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'placing', 'stored',"
    "  'dropped', 'not wanted', 'failed', 'conflict')),"
    " reason TEXT NOT NULL DEFAULT '',"
    /* what is stored; covers: the newest event that these bytes answer */
    " size INTEGER, sha256 TEXT, sha256_plain TEXT, etag TEXT, path TEXT,"
    " revision INTEGER NOT NULL DEFAULT 0, covers INTEGER NOT NULL DEFAULT 0,"
    " announced INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " stored INTEGER NOT NULL DEFAULT 0, looked INTEGER NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0, next_attempt INTEGER NOT NULL DEFAULT 0,"
    " missing_since INTEGER NOT NULL DEFAULT 0, missing_times INTEGER NOT NULL DEFAULT 0,"
    /* fence: raised by each claim; settled: the fence whose outcome was recorded last */
    " fence INTEGER NOT NULL DEFAULT 0, settled INTEGER NOT NULL DEFAULT 0,"
    /* work in progress: the one part file that may exist, and what is being placed */
    " part INTEGER NOT NULL DEFAULT 0, part_etag TEXT, boot_id TEXT,"
    " new_size INTEGER NOT NULL DEFAULT 0, new_sha256 TEXT, new_etag TEXT,"
    " new_covers INTEGER NOT NULL DEFAULT 0,"
    " obstacle TEXT,"
    " UNIQUE (account, name));"
    "CREATE INDEX files_by_stem ON files (account, stem);"
    "CREATE INDEX files_by_update ON files (updated);"
    "CREATE INDEX files_missing ON files (account, missing_since) WHERE missing_since > 0;"
    "CREATE TABLE events ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " account TEXT NOT NULL, name TEXT NOT NULL, identity TEXT NOT NULL, kind TEXT NOT NULL,"
    " sender TEXT NOT NULL, recipients TEXT NOT NULL,"
    " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,"
    " decision TEXT NOT NULL DEFAULT 'waiting', reason TEXT NOT NULL DEFAULT '',"
    " UNIQUE (account, name, identity));"
    "CREATE TABLE accounts ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " proven TEXT, rejected TEXT, reason TEXT,"
    " rejected_at INTEGER NOT NULL DEFAULT 0, probe_at INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE log ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " account TEXT NOT NULL, name TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL,"
    " uid INTEGER NOT NULL, command TEXT NOT NULL);"
    /* keys of our own making; fingerprint: what secrets are compared by, see secret.h */
    "CREATE TABLE keys (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "INSERT INTO keys VALUES ('fingerprint', hex(randomblob(32)));";

/* The worker, listings, alerts, encryption, hand-over; counters that cost nothing to read. */
static const char version_2[] =
    /* origin: the command that made the row */
    "ALTER TABLE files ADD COLUMN origin TEXT NOT NULL DEFAULT '';"
    /* what the service's listing said last, and the rows that the file turned out to have */
    "ALTER TABLE files ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE files ADD COLUMN listed_size INTEGER;"
    "ALTER TABLE files ADD COLUMN listed_delivered TEXT;"
    "ALTER TABLE files ADD COLUMN listed_type TEXT;"
    "ALTER TABLE files ADD COLUMN listed_records INTEGER;"
    "ALTER TABLE files ADD COLUMN records INTEGER;"
    /* beside sha256_plain, where what is stored is encrypted */
    "ALTER TABLE files ADD COLUMN size_plain INTEGER;"
    "ALTER TABLE files ADD COLUMN new_size_plain INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE files ADD COLUMN new_sha256_plain TEXT;"
    /* an event came that neither bytes nor a decision answer yet */
    "ALTER TABLE files ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;"
    /* when keep-for was over and the file was deleted */
    "ALTER TABLE files ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX files_due ON files (next_attempt)"
    " WHERE (state IN ('waiting', 'placing') OR unanswered <> 0);"
    "CREATE INDEX files_of_account ON files (account, updated);"
    "CREATE INDEX files_in_trouble ON files (account, updated)"
    " WHERE state IN ('failed', 'conflict');"
    "CREATE INDEX files_by_stored ON files (account, stored) WHERE stored > 0;"
    "CREATE INDEX events_refused ON events (last_seen) WHERE decision = 'refused';"
    "ALTER TABLE accounts ADD COLUMN secret_since INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE accounts ADD COLUMN mail_seen INTEGER NOT NULL DEFAULT 0;"
    /* listing_wanted: since when a message that names no file asks for a look at the listing */
    "ALTER TABLE accounts ADD COLUMN listing_wanted INTEGER NOT NULL DEFAULT 0;"
    /* synced: when the last sync began that came to its end */
    "ALTER TABLE accounts ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE accounts ADD COLUMN sync_tried INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE accounts ADD COLUMN sync_outcome TEXT NOT NULL DEFAULT '';"
    /* times: since it was sent last */
    "CREATE TABLE alerts ("
    " account TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " times INTEGER NOT NULL DEFAULT 1, sent INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (account, kind)) WITHOUT ROWID;"
    /* what on-stored has still to be told, and was told */
    "CREATE TABLE handovers ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " account TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL,"
    " size INTEGER NOT NULL, sha256 TEXT NOT NULL, revision INTEGER NOT NULL, previous TEXT,"
    " created INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " next_attempt INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0,"
    " reason TEXT NOT NULL DEFAULT '');"
    "CREATE INDEX handovers_due ON handovers (next_attempt) WHERE done = 0;"
    "CREATE INDEX log_by_name ON log (account, name);"
    "CREATE INDEX log_by_time ON log (at);"
    "CREATE TABLE totals (account TEXT NOT NULL, state TEXT NOT NULL, files INTEGER NOT NULL,"
    " PRIMARY KEY (account, state)) WITHOUT ROWID;"
    "INSERT INTO totals SELECT account, state, count(*) FROM files GROUP BY account, state;"
    /* day: since 1970, in UTC */
    "CREATE TABLE days (account TEXT NOT NULL, day INTEGER NOT NULL, action TEXT NOT NULL,"
    " times INTEGER NOT NULL, PRIMARY KEY (account, day, action)) WITHOUT ROWID;"
    "INSERT INTO days SELECT account, at / 86400, action, count(*) FROM log GROUP BY 1, 2, 3;";

/* Limits on what strangers leave, and what is pruned. */
static const char version_3[] =
    "CREATE INDEX events_refused_by_identity ON events (identity) WHERE decision = 'refused';"
    "CREATE INDEX events_by_time ON events (last_seen);"
    /* when the mail system received the message; 0: it did not say */
    "ALTER TABLE events ADD COLUMN received INTEGER NOT NULL DEFAULT 0;"
    /* the last listing that looked for names which the service does not know */
    "ALTER TABLE accounts ADD COLUMN looked INTEGER NOT NULL DEFAULT 0;"
    /* until then the service wants no password from it, but a token */
    "ALTER TABLE accounts ADD COLUMN crowded_until INTEGER NOT NULL DEFAULT 0;";

const char *const sm_schema_tables[SM_SCHEMA_VERSION] = {version_1, version_2, version_3};

#define TRIGGER(name, when, body) "CREATE TRIGGER " name " " when " BEGIN " body " END;"

#define OF_TABLES " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"

const SmSchemaDialect sm_schema_sqlite = {
    .triggers = SM_SCHEMA_TRIGGERS(TRIGGER, "SELECT raise(ABORT, '", "');"),
    .note = "PRAGMA user_version = " G_STRINGIFY(SM_SCHEMA_VERSION),
    .parts =
        {
            "SELECT 'table ' || m.name FROM sqlite_master m" OF_TABLES,
            "SELECT 'column ' || m.name || '.' || c.name"
            " || iif(c.type = 'INTEGER', ' (number', ' (text')"
            " || coalesce(' ' || c.dflt_value, '') || ')'"
            " FROM sqlite_master m, pragma_table_info(m.name) c" OF_TABLES,
            "SELECT iif(i.origin = 'c', 'index ' || i.name, 'key of ' || m.name || ' ('"
            " || (SELECT group_concat(name, ', ') FROM"
            "  (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')')"
            " FROM sqlite_master m, pragma_index_list(m.name) i" OF_TABLES,
            "SELECT 'trigger ' || name FROM sqlite_master WHERE type = 'trigger'",
        },
};
