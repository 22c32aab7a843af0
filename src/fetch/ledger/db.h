/*
 * SQLite with GErrors: statements run with their values bound in one call, and
 * every failure becomes SM_ERROR_LEDGER with the path, the cause and what to do.
 */
#pragma once

#include <glib.h>

#include "fetch/host/autoptr.h"

typedef struct {
    sqlite3 *handle;
    gpointer methods; /* how its file is used, see db.c */
    char *path;
    gint64 waits_since;     /* for another's lock, monotonic time */
    GHashTable *statements; /* text -> statement, of those that run to their end at once */
} SmDb;

/* Opens path (flags of sqlite3_open_v2); a lock of others is waited for up to 30 s.
 * SM_ERROR_LEDGER. */
SmDb *sm_db_open(const char *path, int flags, GError **error);

/* Closes the database; NULL is allowed. */
void sm_db_close(SmDb *db);

/* Runs statements without values, as sqlite3_exec(). SM_ERROR_LEDGER. */
gboolean sm_db_exec(SmDb *db, const char *sql, GError **error);

/*
 * Prepares sql and binds the values after types, one letter each: 'i' a
 * gint64, 's' a string or NULL (copied). NULL and error set on failure. SM_ERROR_LEDGER.
 */
sqlite3_stmt *sm_db_query(SmDb *db, GError **error, const char *sql, const char *types, ...);

/* The next row: TRUE; at the end, FALSE without an error; else FALSE and error set.
 * SM_ERROR_LEDGER. */
gboolean sm_db_next(SmDb *db, sqlite3_stmt *row, GError **error);

/*
 * What take made of the first row of a query, never NULL; NULL
 * without an error where there is none. Its statement is kept for the next time. SM_ERROR_LEDGER.
 */
gpointer sm_db_first(SmDb *db, GError **error, gpointer (*take)(sqlite3_stmt *row), const char *sql,
                     const char *types, ...);

/* Runs one statement to its end. *changed, if not NULL, becomes the number of rows that it changed.
 * SM_ERROR_LEDGER.
 */
gboolean sm_db_run(SmDb *db, GError **error, int *changed, const char *sql, const char *types, ...);

/* A column as a new string; NULL for SQL's NULL. Caller frees. */
char *sm_db_text(sqlite3_stmt *row, int column);

/* The value of a query with one integer; 0 where there is no row or it is NULL. SM_ERROR_LEDGER. */
gboolean sm_db_integer(SmDb *db, GError **error, gint64 *value, const char *sql, const char *types,
                       ...);

/* "ok", or what is wrong with the file's structure; NULL on error. Caller frees. SM_ERROR_LEDGER.
 */
char *sm_db_verdict(SmDb *db, GError **error);

/* Writes a consistent copy of all of it to the file at path, which must not be there.
 * SM_ERROR_LEDGER. */
gboolean sm_db_copy(SmDb *db, const char *path, GError **error);

/*
 * A transaction, the only writer's: begun by sm_db_begin(), ended by sm_db_end(),
 * which commits where all went well (ok) and rolls back where not, also what
 * cannot be committed. TRUE: it is in the ledger; FALSE: nothing of it is. The idiom:
 *
 *     return sm_db_end(db, sm_db_begin(db, error) && first(db, error) && ..., error);
 *
 * SM_ERROR_LEDGER.
 */
gboolean sm_db_begin(SmDb *db, GError **error);

/* Ends it; see sm_db_begin(). SM_ERROR_LEDGER where it cannot be committed. */
gboolean sm_db_end(SmDb *db, gboolean ok, GError **error);

/* A transaction that only reads, so that all its queries see one moment; ended as the other.
 * SM_ERROR_LEDGER. */
gboolean sm_db_begin_reading(SmDb *db, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmDb, sm_db_close)
