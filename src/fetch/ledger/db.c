#include "fetch/ledger/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>

#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/host/waiting.h"
#include "fetch/ledger/db-file.h"

enum {
    LOCK_WAIT_US = 30 * 1000 * 1000,
    FIRST_LOOK_US = 100, /* most writers only commit */
    LAST_LOOK_US = 25 * 1000,
};

struct SmDb {
    sqlite3 *handle;
    gpointer methods; /* how its file is used, see db-file.h */
    char *path;
    gint64 waits_since;     /* for another's lock, monotonic time */
    gboolean deferring;     /* see sm_db_defer() */
    gboolean owes;          /* commits may not be on the disk yet */
    gboolean told;          /* a person that it is waited for */
    GHashTable *statements; /* text -> statement */
};

static const char *
remedy(int code)
{
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another process holds it; retried";
    case SQLITE_FULL:
        return "the disk or quota is full; free space";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "restore it from a backup, or move it aside, then existing files are adopted";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return "check that its directory exists and belongs to the user that scorefetch runs as";
    case SQLITE_IOERR:
        return "is the disk or quota full, or the disk failing?";
    default:
        return "see scoremail.conf(5), ledger";
    }
}

static gboolean
fail(SmDb *db, int code, GError **error)
{
    const char *cause = db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
    int primary = code & 0xff;
    int system = db->handle != NULL ? sqlite3_system_errno(db->handle) : 0;
    g_autofree char *folder = g_path_get_dirname(db->path);
    const char *hint;
    gboolean has_errno = system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);

    /* SQLite calls a disk full when a write fails so, not when a file cannot be created or mapped
     */
    if (has_errno && (system == ENOSPC || system == EDQUOT))
        primary = SQLITE_FULL;
    errno = primary == SQLITE_FULL ? ENOSPC : 0;
    hint = sm_io_space_hint(folder);
    if (*hint != '\0')
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s%s", db->path, cause, hint);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s%s%s (%s)", db->path, cause,
                    has_errno ? ": " : "", has_errno ? g_strerror(system) : "",
                    has_errno && system == ENOLCK ? "its file system has none; use another"
                                                  : remedy(primary));
    return FALSE;
}

/* SQLite's own, sqlite3_busy_timeout(), first sleeps for a millisecond: as long as ten commits. */
static int
wait_for_lock(void *data, int count)
{
    SmDb *db = data;
    gint64 now = g_get_monotonic_time();

    if (count == 0) {
        db->waits_since = now;
        db->told = FALSE;
    }
    if (!db->told && now - db->waits_since > G_USEC_PER_SEC) {
        sm_waiting_say("another process that writes to the ledger", db->waits_since + LOCK_WAIT_US);
        db->told = TRUE;
    }
    if (now - db->waits_since > LOCK_WAIT_US)
        return 0;
    g_usleep((gulong)MIN(FIRST_LOOK_US << MIN(count / 2, 10), LAST_LOOK_US));
    return 1;
}

/* Nobody who could write to the file gets more out of it than wrong rows. */
static void
distrust_file(SmDb *db)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static void
finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

SmDb *
sm_db_open(const char *path, SmDbUse use, GError **error)
{
    static const int flags[] = {
        [SM_DB_READ] = SQLITE_OPEN_READONLY,
        [SM_DB_WRITE] = SQLITE_OPEN_READWRITE,
        [SM_DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    g_autoptr(SmDb) db = g_new0(SmDb, 1);
    int code;

    db->path = g_strdup(path);
    db->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    code = sqlite3_open_v2(path, &db->handle, flags[use] | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_handler(db->handle, wait_for_lock, db);
    if (code != SQLITE_OK) {
        fail(db, code, error);
        return NULL;
    }
    distrust_file(db);
    if (!sm_db_file_adapt(db->handle, db->path, &db->methods, error))
        return NULL;
    return g_steal_pointer(&db);
}

void
sm_db_close(SmDb *db)
{
    if (db == NULL)
        return;
    g_hash_table_unref(db->statements);
    sqlite3_close(db->handle);
    g_free(db->methods);
    g_free(db->path);
    g_free(db);
}

const char *
sm_db_path(const SmDb *db)
{
    return db->path;
}

gpointer
sm_db_handle(SmDb *db)
{
    return db->handle;
}

const char *
sm_db_version(void)
{
    return sqlite3_libversion();
}

static int
bind_values(sqlite3_stmt *statement, const char *types, va_list values)
{
    int code = SQLITE_OK;

    for (int i = 0; code == SQLITE_OK && types[i] != '\0'; i++) {
        if (types[i] == 'i')
            code = sqlite3_bind_int64(statement, i + 1, va_arg(values, gint64));
        else
            code = sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1,
                                     SQLITE_TRANSIENT);
    }
    return code;
}

/* A statement that the connection keeps, since preparing one takes longer than most run; the caller
 * brings it to its end and calls put_back(). */
static sqlite3_stmt *
take_statement(SmDb *db, const char *sql, const char *types, va_list values, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->statements, sql);
    int code = SQLITE_OK;

    if (statement != NULL && sqlite3_stmt_busy(statement)) { /* below a row of the same query */
        fail(db, SQLITE_MISUSE, error);
        return NULL;
    }
    if (statement == NULL) {
        code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        if (code == SQLITE_OK)
            g_hash_table_insert(db->statements, g_strdup(sql), statement);
    }
    if (code == SQLITE_OK)
        code = bind_values(statement, types, values);
    if (code == SQLITE_OK)
        return statement;
    fail(db, code, error);
    return NULL;
}

static void
put_back(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

/* A row is the statement that stands on it. */
static sqlite3_stmt *
statement_of(const SmRow *row)
{
    return (sqlite3_stmt *)row;
}

gint64
sm_row_int64(const SmRow *row, int column)
{
    return sqlite3_column_int64(statement_of(row), column);
}

const char *
sm_row_text(const SmRow *row, int column)
{
    return (const char *)sqlite3_column_text(statement_of(row), column);
}

char *
sm_row_dup(const SmRow *row, int column)
{
    return g_strdup(sm_row_text(row, column));
}

/* Every query goes through here. */
static gboolean
each_va(SmDb *db, const SmTaker *taker, const char *sql, const char *types, va_list values,
        GError **error)
{
    sqlite3_stmt *statement = take_statement(db, sql, types, values, error);
    int code = SQLITE_ROW;

    if (statement == NULL)
        return FALSE;
    while (code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW && !taker->take((const SmRow *)statement, taker->user_data))
            code = SQLITE_DONE;
    }
    if (code != SQLITE_DONE)
        fail(db, code, error);
    put_back(statement);
    return code == SQLITE_DONE;
}

gboolean
sm_db_each(SmDb *db, GError **error, const SmTaker *taker, const char *sql, const char *types, ...)
{
    va_list values;
    gboolean ok;

    va_start(values, types);
    ok = each_va(db, taker, sql, types, values, error);
    va_end(values);
    return ok;
}

typedef struct {
    SmMakeOfRow make;
    GPtrArray *made;
} Making;

static gboolean
add_made(const SmRow *row, gpointer user_data)
{
    const Making *making = user_data;

    g_ptr_array_add(making->made, making->make(row));
    return TRUE;
}

GPtrArray *
sm_db_list(SmDb *db, GError **error, const SmMaker *maker, const char *sql, const char *types, ...)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(maker->release);
    Making making = {maker->make, made};
    va_list values;
    gboolean ok;

    va_start(values, types);
    ok = each_va(db, &(SmTaker){add_made, &making}, sql, types, values, error);
    va_end(values);
    return ok ? g_steal_pointer(&made) : NULL;
}

typedef struct {
    SmMakeOfRow make;
    gpointer made;
} First;

static gboolean
make_first(const SmRow *row, gpointer user_data)
{
    First *first = user_data;

    first->made = first->make(row);
    return FALSE;
}

gpointer
sm_db_first(SmDb *db, GError **error, SmMakeOfRow make, const char *sql, const char *types, ...)
{
    First first = {make, NULL};
    va_list values;

    va_start(values, types);
    each_va(db, &(SmTaker){make_first, &first}, sql, types, values, error);
    va_end(values);
    return first.made;
}

static gboolean
take_integer(const SmRow *row, gpointer user_data)
{
    *(gint64 *)user_data = sm_row_int64(row, 0);
    return FALSE;
}

gboolean
sm_db_integer(SmDb *db, GError **error, gint64 *value, const char *sql, const char *types, ...)
{
    va_list values;
    gboolean ok;

    *value = 0;
    va_start(values, types);
    ok = each_va(db, &(SmTaker){take_integer, value}, sql, types, values, error);
    va_end(values);
    return ok;
}

static gboolean
ignore_row(const SmRow *row, gpointer user_data)
{
    return TRUE;
}

gboolean
sm_db_run(SmDb *db, GError **error, int *changed, const char *sql, const char *types, ...)
{
    va_list values;
    gboolean ok;

    va_start(values, types);
    ok = each_va(db, &(SmTaker){ignore_row, NULL}, sql, types, values, error);
    va_end(values);
    if (ok && changed != NULL)
        *changed = sqlite3_changes(db->handle);
    return ok;
}

gboolean
sm_db_exec(SmDb *db, const char *sql, GError **error)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK || fail(db, code, error);
}

static gpointer
make_answer(const SmRow *row)
{
    return sm_row_dup(row, 0);
}

gboolean
sm_db_verify(SmDb *db, GError **error)
{
    g_autofree char *answer = sm_db_first(db, error, make_answer, "PRAGMA quick_check(1)", "");

    if (answer == NULL || g_str_equal(answer, "ok"))
        return answer != NULL;
    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER,
                "ledger %s is damaged (%s); restore it from a backup, see Moving in scorefetch(1)",
                db->path, answer);
    return FALSE;
}

gboolean
sm_db_copy(SmDb *db, const char *path, GError **error)
{
    return sm_db_run(db, error, NULL, "VACUUM INTO ?", "s", path);
}

gboolean
sm_db_begin(SmDb *db, GError **error)
{
    return sm_db_run(db, error, NULL, "BEGIN IMMEDIATE", "");
}

gboolean
sm_db_defer(SmDb *db, gboolean defer)
{
    gboolean before = db->deferring;

    if (before != defer)
        sqlite3_exec(db->handle,
                     defer ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL,
                     NULL, NULL);
    db->deferring = defer;
    db->owes = db->owes || defer;
    return before;
}

gboolean
sm_db_sync(SmDb *db, GError **error)
{
    sqlite3_file *wal = NULL;
    int code = SQLITE_OK;

    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (db->owes && wal != NULL && wal->pMethods != NULL)
        code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
    db->owes = db->deferring || code != SQLITE_OK;
    if (code == SQLITE_OK)
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s: %s (%s)", db->path,
                sqlite3_errstr(code), g_strerror(errno), remedy(code & 0xff));
    return FALSE;
}

gboolean
sm_db_begin_reading(SmDb *db, GError **error)
{
    return sm_db_exec(db, "BEGIN", error);
}

gboolean
sm_db_end(SmDb *db, gboolean ok, GError **error)
{
    if (ok && sm_db_run(db, error, NULL, "COMMIT", ""))
        return TRUE;
    if (!sqlite3_get_autocommit(db->handle)) /* some errors have rolled it back already */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}
