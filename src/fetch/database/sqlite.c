#include <errno.h>
#include <sqlite3.h>

#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/database/backend.h"
#include "fetch/database/schema.h"
#include "fetch/database/sqlite-file.h"
#include "fetch/host/waiting.h"

enum {
    LOCK_WAIT_US = 30 * 1000 * 1000,
    FIRST_LOOK_US = 100, /* most writers only commit */
    LAST_LOOK_US = 25 * 1000,
    WORTH_PAGES = 1000, /* free ones; also a quarter of all */
};

typedef struct {
    SmDb db;
    sqlite3 *handle;
    gpointer methods;       /* how its file is used, see sqlite-file.h */
    gint64 waits_since;     /* for another's lock, monotonic time */
    gboolean deferring;     /* see sm_db_defer() */
    gboolean owes;          /* commits may not be on the disk yet */
    gboolean told;          /* a person that it is waited for */
    GHashTable *statements; /* text -> statement */
} Sqlite;

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
fail(Sqlite *db, int code, GError **error)
{
    const char *cause = db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
    int primary = code & 0xff;
    int system = db->handle != NULL ? sqlite3_system_errno(db->handle) : 0;
    g_autofree char *folder = g_path_get_dirname(db->db.path);
    const char *hint;
    gboolean has_errno = system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);

    /* SQLite calls a disk full when a write fails so, not when a file cannot be created or mapped
     */
    if (has_errno && (system == ENOSPC || system == EDQUOT))
        primary = SQLITE_FULL;
    errno = primary == SQLITE_FULL ? ENOSPC : 0;
    hint = sm_io_space_hint(folder);
    if (*hint != '\0')
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s%s", db->db.path, cause, hint);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s%s%s (%s)", db->db.path, cause,
                    has_errno ? ": " : "", has_errno ? g_strerror(system) : "",
                    has_errno && system == ENOLCK ? "its file system has none; use another"
                                                  : remedy(primary));
    return FALSE;
}

/* SQLite's own, sqlite3_busy_timeout(), first sleeps for a millisecond: as long as ten commits. */
static int
wait_for_lock(void *data, int count)
{
    Sqlite *db = data;
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
distrust_file(Sqlite *db)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static void
finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

static Sqlite *
lite_of(SmDb *db)
{
    return (Sqlite *)db;
}

static void
close_file(SmDb *db)
{
    Sqlite *lite = lite_of(db);

    g_hash_table_unref(lite->statements);
    sqlite3_close(lite->handle);
    g_free(lite->methods);
    g_free(db->path);
    g_free(lite);
}

const char *
sm_db_version(void)
{
    return sqlite3_libversion();
}

static int
bind_values(sqlite3_stmt *statement, const SmDbQuery *query)
{
    int code = SQLITE_OK;

    for (int i = 0; code == SQLITE_OK && query->types[i] != '\0'; i++) {
        if (query->types[i] == 'i')
            code = sqlite3_bind_int64(statement, i + 1, query->values[i].number);
        else
            code = sqlite3_bind_text(statement, i + 1, query->values[i].text, -1, SQLITE_TRANSIENT);
    }
    return code;
}

/* A statement that the connection keeps, since preparing one takes longer than most run; the caller
 * brings it to its end and calls put_back(). */
static sqlite3_stmt *
take_statement(Sqlite *lite, const SmDbQuery *query, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(lite->statements, query->sql);
    int code = SQLITE_OK;

    if (statement != NULL && sqlite3_stmt_busy(statement)) { /* below a row of the same query */
        fail(lite, SQLITE_MISUSE, error);
        return NULL;
    }
    if (statement == NULL) {
        code = sqlite3_prepare_v3(lite->handle, query->sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &statement, NULL);
        if (code == SQLITE_OK)
            g_hash_table_insert(lite->statements, g_strdup(query->sql), statement);
    }
    if (code == SQLITE_OK)
        code = bind_values(statement, query);
    if (code == SQLITE_OK)
        return statement;
    fail(lite, code, error);
    return NULL;
}

static void
put_back(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

static gint64
read_int64(const SmRow *row, int column)
{
    return sqlite3_column_int64(row->answer, column);
}

static const char *
read_text(const SmRow *row, int column)
{
    return (const char *)sqlite3_column_text(row->answer, column);
}

static gboolean
each(SmDb *db, const SmTaker *taker, const SmDbQuery *query, GError **error)
{
    Sqlite *lite = lite_of(db);
    sqlite3_stmt *statement = take_statement(lite, query, error);
    const SmRow row = {db->backend, statement, 0};
    int code = SQLITE_ROW;

    if (statement == NULL)
        return FALSE;
    while (code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW && !taker->take(&row, taker->user_data))
            code = SQLITE_DONE;
    }
    if (code != SQLITE_DONE)
        fail(lite, code, error);
    put_back(statement);
    db->changed = sqlite3_changes(lite->handle);
    return code == SQLITE_DONE;
}

static gboolean
exec(SmDb *db, const char *sql, GError **error)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK || fail(lite_of(db), code, error);
}

static gpointer
make_answer(const SmRow *row)
{
    return sm_row_dup(row, 0);
}

static gboolean
verify(SmDb *db, GError **error)
{
    g_autofree char *answer = sm_db_first(db, error, make_answer, "PRAGMA quick_check(1)", "");

    if (answer == NULL || g_str_equal(answer, "ok"))
        return answer != NULL;
    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER,
                "ledger %s is damaged (%s); restore it from a backup, see Moving in scorefetch(1)",
                db->path, answer);
    return FALSE;
}

static gboolean
copy(SmDb *db, const char *path, GError **error)
{
    return sm_db_run(db, error, NULL, "VACUUM INTO ?", "s", path);
}

/* The only writer's, whatever account it writes for. */
static gboolean
begin(SmDb *db, const char *account, GError **error)
{
    return sm_db_run(db, error, NULL, "BEGIN IMMEDIATE", "");
}

static gboolean
begin_reading(SmDb *db, GError **error)
{
    return exec(db, "BEGIN", error);
}

static gboolean
end(SmDb *db, gboolean ok, GError **error)
{
    if (ok && sm_db_run(db, error, NULL, "COMMIT", ""))
        return TRUE;
    if (!sqlite3_get_autocommit(db->handle)) /* some errors have rolled it back already */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}

static gboolean
defer(SmDb *db, gboolean deferring)
{
    Sqlite *lite = lite_of(db);
    gboolean before = lite->deferring;

    if (before != deferring)
        sqlite3_exec(lite->handle,
                     deferring ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL,
                     NULL, NULL);
    lite->deferring = deferring;
    lite->owes = lite->owes || deferring;
    return before;
}

static gboolean
sync_file(SmDb *db, GError **error)
{
    Sqlite *lite = lite_of(db);
    sqlite3_file *wal = NULL;
    int code = SQLITE_OK;

    sqlite3_file_control(lite->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (lite->owes && wal != NULL && wal->pMethods != NULL)
        code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
    lite->owes = lite->deferring || code != SQLITE_OK;
    if (code == SQLITE_OK)
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s: %s (%s)", db->path,
                sqlite3_errstr(code), g_strerror(errno), remedy(code & 0xff));
    return FALSE;
}

static gboolean
compact(SmDb *db, GError **error)
{
    gint64 all, unused;

    if (!sm_db_integer(db, error, &all, "PRAGMA page_count", "") ||
        !sm_db_integer(db, error, &unused, "PRAGMA freelist_count", ""))
        return FALSE;
    return unused < WORTH_PAGES || unused * 4 < all || exec(db, "VACUUM", error);
}

static gboolean
schema(SmDb *db, gint64 *version, GError **error)
{
    return sm_db_integer(db, error, version, "PRAGMA user_version", "");
}

static gboolean
last_id(SmDb *db, const char *table, gint64 *last, GError **error)
{
    return sm_db_integer(db, error, last, "SELECT seq FROM sqlite_sequence WHERE name = ?", "s",
                         table);
}

static gboolean
set_last_id(SmDb *db, const char *table, gint64 last, GError **error)
{
    return sm_db_run(db, error, NULL, "DELETE FROM sqlite_sequence WHERE name = ?", "s", table) &&
           sm_db_run(db, error, NULL, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", "si",
                     table, last);
}

static const SmDbBackend backend = {
    .steps = sm_schema_sqlite,
    .columns = "SELECT iif(type = 'INTEGER', '#', '') || name FROM pragma_table_info(?)"
               " ORDER BY name",
    .last_id = last_id,
    .set_last_id = set_last_id,
    .close = close_file,
    .int64 = read_int64,
    .text = read_text,
    .each = each,
    .exec = exec,
    .verify = verify,
    .copy = copy,
    .begin = begin,
    .begin_reading = begin_reading,
    .end = end,
    .defer = defer,
    .sync = sync_file,
    .compact = compact,
    .schema = schema,
};

SmDb *
sm_db_open(const char *path, SmDbUse use, GError **error)
{
    static const int flags[] = {
        [SM_DB_READ] = SQLITE_OPEN_READONLY,
        [SM_DB_WRITE] = SQLITE_OPEN_READWRITE,
        [SM_DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    Sqlite *lite = g_new0(Sqlite, 1);
    g_autoptr(SmDb) db = &lite->db;
    int code;

    db->backend = &backend;
    db->path = g_strdup(path);
    lite->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    code = sqlite3_open_v2(path, &lite->handle, flags[use] | SQLITE_OPEN_NOMUTEX, NULL);
    db->handle = lite->handle;
    if (code == SQLITE_OK)
        code = sqlite3_busy_handler(lite->handle, wait_for_lock, lite);
    if (code != SQLITE_OK) {
        fail(lite, code, error);
        return NULL;
    }
    distrust_file(lite);
    if (!sm_db_file_adapt(lite->handle, db->path, &lite->methods, error))
        return NULL;
    return g_steal_pointer(&db);
}
