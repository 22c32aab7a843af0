#include "ledger-schema.h"

#include "common/error.h"

enum { SCHEMA_VERSION = 1 };

/* No STRICT tables: SQLite 3.34 does not know them. AUTOINCREMENT: an id names a lock byte and is
 * never used twice. */
static const char schema[] =
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
    "INSERT INTO keys VALUES ('fingerprint', hex(randomblob(32)));"
    "PRAGMA user_version = 1;";

gboolean
sm_ledger_schema_ensure(SmDb *db, GError **error)
{
    gint64 version;

    if (!sm_db_integer(db, error, &version, "PRAGMA user_version", ""))
        return FALSE;
    if (version > SCHEMA_VERSION) {
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER,
                    "ledger %s: made by a newer version (schema %" G_GINT64_FORMAT
                    ", this is %d): upgrade scorefetch on this machine",
                    db->path, version, SCHEMA_VERSION);
        return FALSE;
    }
    if (version == SCHEMA_VERSION)
        return TRUE;
    if (sm_db_begin(db, error) && sm_db_exec(db, schema, error) && sm_db_commit(db, error))
        return TRUE;
    sm_db_rollback(db);
    return FALSE;
}
