#include "fetch/ledger/db.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/error.h"

enum {
    LOCK_WAIT_US = 30 * 1000 * 1000,
    FIRST_LOOK_US = 100, /* most writers only commit */
    LAST_LOOK_US = 25 * 1000,
};

static const char *
remedy(int code)
{
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another process holds it; it is tried again";
    case SQLITE_FULL:
        return "the disk or quota is full: make room";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "restore it from a backup, or move it aside: files that are there are then adopted";
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
    gboolean has_errno = system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);

    /* SQLite calls a disk full when a write fails so, not when a file cannot be made or mapped */
    if (has_errno && (system == ENOSPC || system == EDQUOT))
        primary = SQLITE_FULL;
    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s%s%s (%s)", db->path, cause,
                has_errno ? ": " : "", has_errno ? g_strerror(system) : "", remedy(primary));
    return FALSE;
}

/* SQLite's own, sqlite3_busy_timeout(), first sleeps for a millisecond: as long as ten commits. */
static int
wait_for_lock(void *data, int count)
{
    SmDb *db = data;
    gint64 now = g_get_monotonic_time();

    if (count == 0)
        db->waits_since = now;
    if (now - db->waits_since > LOCK_WAIT_US)
        return 0;
    g_usleep((gulong)MIN(FIRST_LOOK_US << MIN(count / 2, 10), LAST_LOOK_US));
    return 1;
}

#ifndef MADV_POPULATE_WRITE /* since Linux 5.14; older ones answer EINVAL */
#define MADV_POPULATE_WRITE 23
#endif

/* SQLite's own for a file, but for xShmMap. */
typedef struct {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
} Methods;

/*
 * The -shm file is mapped with holes where a disk's blocks are smaller than a page, and on some
 * file systems anyway: a disk that is full later on would end us by SIGBUS. So its blocks are had
 * now.
 */
static int
map_shared(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
    const Methods *methods = (const Methods *)file->pMethods;
    int code = methods->real->xShmMap(file, region, size, extend, memory);

    if (code == SQLITE_OK && *memory != NULL &&
        madvise((void *)*memory, (gsize)size, MADV_POPULATE_WRITE) < 0 && errno == EFAULT)
        return SQLITE_FULL;
    return code;
}

static void
watch_mapping(SmDb *db)
{
    sqlite3_file *file = NULL;

    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file == NULL || file->pMethods == NULL || file->pMethods->iVersion < 2)
        return; /* in memory */

    Methods *methods = g_new0(Methods, 1);

    methods->real = file->pMethods;
    /* an older version's table is shorter than this one's type */
    memcpy(&methods->methods, file->pMethods,
           file->pMethods->iVersion >= 3 ? sizeof methods->methods
                                         : G_STRUCT_OFFSET(sqlite3_io_methods, xFetch));
    methods->methods.xShmMap = map_shared;
    file->pMethods = &methods->methods;
    db->methods = methods;
}

static void
finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

SmDb *
sm_db_open(const char *path, int flags, GError **error)
{
    g_autoptr(SmDb) db = g_new0(SmDb, 1);
    int code;

    db->path = g_strdup(path);
    db->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    /* a connection belongs to one thread */
    code = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_handler(db->handle, wait_for_lock, db);
    if (code != SQLITE_OK) {
        fail(db, code, error);
        return NULL;
    }
    watch_mapping(db);
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

gboolean
sm_db_exec(SmDb *db, const char *sql, GError **error)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK || fail(db, code, error);
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

static sqlite3_stmt *
query_va(SmDb *db, GError **error, const char *sql, const char *types, va_list values)
{
    g_autoptr(sqlite3_stmt) statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = bind_values(statement, types, values);
    if (code != SQLITE_OK) {
        fail(db, code, error);
        return NULL;
    }
    return g_steal_pointer(&statement);
}

/* The same with a statement that the connection keeps, since preparing one takes longer than most
 * run; the caller brings it to its end and calls put_back(). */
static sqlite3_stmt *
kept_va(SmDb *db, GError **error, const char *sql, const char *types, va_list values)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->statements, sql);
    int code = SQLITE_OK;

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

sqlite3_stmt *
sm_db_query(SmDb *db, GError **error, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list values;

    va_start(values, types);
    statement = query_va(db, error, sql, types, values);
    va_end(values);
    return statement;
}

gboolean
sm_db_next(SmDb *db, sqlite3_stmt *row, GError **error)
{
    int code = sqlite3_step(row);

    if (code != SQLITE_ROW && code != SQLITE_DONE)
        fail(db, code, error);
    return code == SQLITE_ROW;
}

gboolean
sm_db_run(SmDb *db, GError **error, int *changed, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list values;
    int code;

    va_start(values, types);
    statement = kept_va(db, error, sql, types, values);
    va_end(values);
    if (statement == NULL)
        return FALSE;
    do {
        code = sqlite3_step(statement);
    } while (code == SQLITE_ROW);
    if (code != SQLITE_DONE)
        fail(db, code, error);
    else if (changed != NULL)
        *changed = sqlite3_changes(db->handle);
    put_back(statement);
    return code == SQLITE_DONE;
}

gpointer
sm_db_first(SmDb *db, GError **error, gpointer (*take)(sqlite3_stmt *row), const char *sql,
            const char *types, ...)
{
    sqlite3_stmt *statement;
    gpointer row = NULL;
    va_list values;

    va_start(values, types);
    statement = kept_va(db, error, sql, types, values);
    va_end(values);
    if (statement == NULL)
        return NULL;
    if (sm_db_next(db, statement, error))
        row = take(statement);
    put_back(statement);
    return row;
}

char *
sm_db_text(sqlite3_stmt *row, int column)
{
    return g_strdup((const char *)sqlite3_column_text(row, column));
}

gboolean
sm_db_integer(SmDb *db, GError **error, gint64 *value, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    GError *fault = NULL;
    va_list values;

    *value = 0;
    va_start(values, types);
    statement = kept_va(db, error, sql, types, values);
    va_end(values);
    if (statement == NULL)
        return FALSE;
    if (sm_db_next(db, statement, &fault))
        *value = sqlite3_column_int64(statement, 0);
    put_back(statement);
    if (fault != NULL)
        g_propagate_error(error, fault);
    return fault == NULL;
}

char *
sm_db_verdict(SmDb *db, GError **error)
{
    g_autoptr(sqlite3_stmt) row = sm_db_query(db, error, "PRAGMA quick_check(1)", "");

    return row != NULL && sm_db_next(db, row, error) ? sm_db_text(row, 0) : NULL;
}

gboolean
sm_db_copy(SmDb *db, const char *path, GError **error)
{
    return sm_db_run(db, error, NULL, "VACUUM INTO ?", "s", path);
}

gboolean
sm_db_begin(SmDb *db, GError **error)
{
    return sm_db_exec(db, "BEGIN IMMEDIATE", error);
}

gboolean
sm_db_begin_reading(SmDb *db, GError **error)
{
    return sm_db_exec(db, "BEGIN", error);
}

gboolean
sm_db_end(SmDb *db, gboolean ok, GError **error)
{
    if (ok && sm_db_exec(db, "COMMIT", error))
        return TRUE;
    if (!sqlite3_get_autocommit(db->handle)) /* some errors have rolled it back already */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}
