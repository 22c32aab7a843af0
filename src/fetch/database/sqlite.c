#include <errno.h>
#include <sqlite3.h>

#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/database/backend.h"
#include "fetch/database/sqlite-file.h"
#include "fetch/host/waiting.h"

enum {
    LOCK_WAIT_US = 30 * 1000 * 1000,
    FIRST_LOOK_US = 100, /* most writers only commit */
    LAST_LOOK_US = 25 * 1000,
    WORTH_PAGES = 1000, /* free ones; also a quarter of all */
};

/* What the threads of sm_db_share() have in common, each under the lock, which one keeps from the
 * begin of a transaction to its end. */
typedef struct {
    GRecMutex lock;
    char *path;
    sqlite3 *handle;
    gpointer methods;       /* how its file is used, see sqlite-file.h */
    gpointer wal_methods;   /* and how its -wal file is */
    int changes;            /* of rows, before the transaction */
    gint64 waits_since;     /* for another's lock, monotonic time */
    gboolean deferring;     /* see sm_db_defer() */
    gboolean owes;          /* commits may not be on the disk yet */
    gboolean told;          /* a person that it is waited for */
    GHashTable *statements; /* text -> statement */
} Connection;

typedef struct {
    SmDb db;
    Connection *connection;
    gboolean begun; /* a transaction: the lock is ours */
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
        return "run scorefetch check";
    }
}

static gboolean
fail(const Connection *to, int code, GError **error)
{
    const char *cause = to->handle != NULL ? sqlite3_errmsg(to->handle) : sqlite3_errstr(code);
    int primary = code & 0xff;
    int system = to->handle != NULL ? sqlite3_system_errno(to->handle) : 0;
    g_autofree char *folder = g_path_get_dirname(to->path);
    const char *hint;
    gboolean has_errno = system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);

    /* SQLite calls a disk full when a write fails so, not when a file cannot be created or mapped
     */
    if (has_errno && (system == ENOSPC || system == EDQUOT))
        primary = SQLITE_FULL;
    errno = primary == SQLITE_FULL ? ENOSPC : 0;
    hint = sm_io_space_hint(folder);
    if (*hint != '\0')
        return sm_error_set(error, SM_ERROR_LEDGER, "ledger %s: %s%s", to->path, cause, hint);
    return sm_error_set(error, SM_ERROR_LEDGER, "ledger %s: %s%s%s (%s)", to->path, cause,
                        has_errno ? ": " : "", has_errno ? g_strerror(system) : "",
                        has_errno && system == ENOLCK ? "its file system has none; use another"
                                                      : remedy(primary));
}

/* SQLite's own, sqlite3_busy_timeout(), first sleeps for a millisecond: as long as ten commits. */
static int
wait_for_lock(void *data, int count)
{
    Connection *to = data;
    gint64 now = g_get_monotonic_time();

    if (count == 0) {
        to->waits_since = now;
        to->told = FALSE;
    }
    if (!to->told && now - to->waits_since > G_USEC_PER_SEC) {
        sm_waiting_say("another process that writes to the ledger", to->waits_since + LOCK_WAIT_US);
        to->told = TRUE;
    }
    if (now - to->waits_since > LOCK_WAIT_US)
        return 0;
    g_usleep((gulong)MIN(FIRST_LOOK_US << MIN(count / 2, 10), LAST_LOOK_US));
    return 1;
}

/* Nobody who could write to the file gets more out of it than wrong rows. */
static void
distrust_file(sqlite3 *handle)
{
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static void
finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

static Connection *
connection_of(const SmDb *db)
{
    return ((const Sqlite *)db)->connection;
}

static SmDb *
db_of(Connection *connection, const SmDbBackend *backend)
{
    Sqlite *lite = g_new0(Sqlite, 1);

    lite->connection = connection;
    lite->db.backend = backend;
    lite->db.path = connection->path;
    lite->db.handle = connection->handle;
    return &lite->db;
}

static SmDb *
share(SmDb *db)
{
    return db_of(g_atomic_rc_box_acquire(connection_of(db)), db->backend);
}

static void
free_connection(gpointer data)
{
    Connection *to = data;

    g_hash_table_unref(to->statements);
    sqlite3_close(to->handle);
    g_free(to->methods);
    g_free(to->wal_methods);
    g_free(to->path);
    g_rec_mutex_clear(&to->lock);
}

static void
close_file(SmDb *db)
{
    g_atomic_rc_box_release_full(connection_of(db), free_connection);
    g_free(db);
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
take_statement(const Connection *to, const SmDbQuery *query, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(to->statements, query->sql);
    int code = SQLITE_OK;

    if (statement != NULL && sqlite3_stmt_busy(statement)) { /* below a row of the same query */
        code = SQLITE_MISUSE;
    } else if (statement == NULL) {
        code = sqlite3_prepare_v3(to->handle, query->sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                                  NULL);
        if (code == SQLITE_OK)
            g_hash_table_insert(to->statements, g_strdup(query->sql), statement);
    }
    if (code == SQLITE_OK)
        code = bind_values(statement, query);
    return code == SQLITE_OK || fail(to, code, error) ? statement : NULL;
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

/* Under the lock. */
static int
step_through(SmDb *db, const SmTaker *taker, sqlite3_stmt *statement)
{
    const SmRow row = {db->backend, statement, 0};
    int code;

    do
        code = sqlite3_step(statement);
    while (code == SQLITE_ROW && taker->take(&row, taker->user_data));
    return code == SQLITE_ROW ? SQLITE_DONE : code;
}

static gboolean
each(SmDb *db, const SmTaker *taker, const SmDbQuery *query, GError **error)
{
    Connection *to = connection_of(db);
    g_autoptr(GRecMutexLocker) held G_GNUC_UNUSED = g_rec_mutex_locker_new(&to->lock);
    sqlite3_stmt *statement = take_statement(to, query, error);
    int code;

    if (statement == NULL)
        return FALSE;
    code = step_through(db, taker, statement);
    if (code != SQLITE_DONE)
        fail(to, code, error);
    put_back(statement);
    db->changed = sqlite3_changes(to->handle);
    return code == SQLITE_DONE;
}

static gboolean
exec(SmDb *db, const char *sql, GError **error)
{
    Connection *to = connection_of(db);
    g_autoptr(GRecMutexLocker) held G_GNUC_UNUSED = g_rec_mutex_locker_new(&to->lock);
    int code = sqlite3_exec(to->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK || fail(to, code, error);
}

static gboolean
verify(SmDb *db, GError **error)
{
    g_autofree char *answer = sm_db_first(db, error, &sm_db_texts, "PRAGMA quick_check(1)", "");

    if (answer == NULL || g_str_equal(answer, "ok"))
        return answer != NULL;
    return sm_error_set(
        error, SM_ERROR_LEDGER,
        "ledger %s is damaged (%s); restore it from a backup, see Moving in scorefetch(1)",
        db->path, answer);
}

static gboolean
copy(SmDb *db, const char *path, GError **error)
{
    return sm_db_run(db, error, NULL, "VACUUM INTO ?", "s", path);
}

/* Also where that fails: sm_db_end() follows in any case. */
static void
hold(SmDb *db)
{
    Connection *to = connection_of(db);

    g_rec_mutex_lock(&to->lock);
    ((Sqlite *)db)->begun = TRUE;
    to->changes = sqlite3_total_changes(to->handle);
}

/* The only writer's, whatever account it writes for. */
static gboolean
begin(SmDb *db, const char *account, GError **error)
{
    Connection *to = connection_of(db);

    hold(db);
    if (!sm_db_run(db, error, NULL, account != NULL ? "BEGIN IMMEDIATE" : "BEGIN", ""))
        return FALSE;
    if (account != NULL)
        sm_db_wal_adapt(to->handle, &to->wal_methods);
    return TRUE;
}

static gboolean
end(SmDb *db, gboolean ok, GError **error)
{
    Sqlite *lite = (Sqlite *)db;
    Connection *to = lite->connection;

    ok = ok && sm_db_run(db, error, NULL, "COMMIT", "");
    if (!lite->begun)
        return ok;
    /* its own sync brought what was owed to the disk, too */
    if (ok && !to->deferring && sqlite3_total_changes(to->handle) != to->changes)
        to->owes = FALSE;
    if (!sqlite3_get_autocommit(db->handle)) /* some errors have rolled it back already */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    lite->begun = FALSE;
    g_rec_mutex_unlock(&to->lock);
    return ok;
}

static gboolean
defer(SmDb *db, gboolean deferring)
{
    Connection *to = connection_of(db);
    g_autoptr(GRecMutexLocker) held G_GNUC_UNUSED = g_rec_mutex_locker_new(&to->lock);
    gboolean before = to->deferring;

    if (before != deferring)
        sqlite3_exec(to->handle,
                     deferring ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL,
                     NULL, NULL);
    to->deferring = deferring;
    to->owes = to->owes || deferring;
    return before;
}

/* The -wal file, where commits are owed that may be in it only; from now on it is those that
 * follow. NULL: none. */
static sqlite3_file *
owing(Connection *to)
{
    g_autoptr(GRecMutexLocker) held G_GNUC_UNUSED = g_rec_mutex_locker_new(&to->lock);
    sqlite3_file *wal = NULL;

    if (to->owes)
        sqlite3_file_control(to->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    to->owes = to->deferring;
    return wal != NULL && wal->pMethods != NULL ? wal : NULL;
}

static gboolean
sync_file(SmDb *db, GError **error)
{
    Connection *to = connection_of(db);
    sqlite3_file *wal = owing(to);
    int code = SQLITE_OK;

    if (wal != NULL) /* without the lock: others go on meanwhile */
        code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_OK)
        return TRUE;
    sm_error_set(error, SM_ERROR_LEDGER, "ledger %s: %s: %s (%s)", db->path, sqlite3_errstr(code),
                 g_strerror(errno), remedy(code & 0xff));
    g_rec_mutex_lock(&to->lock);
    to->owes = TRUE;
    g_rec_mutex_unlock(&to->lock);
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

/* An index or trigger of ours tells our tables from another program's. */
static gboolean
schema(SmDb *db, gint64 *version, GError **error)
{
    if (!sm_db_integer(db, error, version,
                       "SELECT CASE WHEN EXISTS (SELECT 1 FROM sqlite_master) AND (user_version < 1"
                       " OR NOT EXISTS (SELECT 1 FROM sqlite_master"
                       " WHERE name IN ('files_by_stem', 'event_came', 'log_is_final'))) THEN -1"
                       " ELSE user_version END FROM pragma_user_version",
                       ""))
        return FALSE;
    return *version >= 0 ||
           sm_error_set(error, SM_ERROR_LEDGER,
                        "ledger %s: is another program's database, or has lost its version; name"
                        " another file, or restore it from a backup",
                        sm_db_path(db));
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
    .dialect = &sm_schema_sqlite,
    .columns = "SELECT iif(type = 'INTEGER', '#', '') || name FROM pragma_table_info(?)"
               " ORDER BY name",
    .last_id = last_id,
    .set_last_id = set_last_id,
    .share = share,
    .close = close_file,
    .int64 = read_int64,
    .text = read_text,
    .each = each,
    .exec = exec,
    .verify = verify,
    .copy = copy,
    .begin = begin,
    .end = end,
    .defer = defer,
    .sync = sync_file,
    .compact = compact,
    .schema = schema,
};

/* Nobody asks SQLite how much memory it uses: to count that costs two locks for each allocation. */
static void
count_no_memory(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        g_once_init_leave(&done, 1);
    }
}

SmDb *
sm_db_open(const char *path, SmDbUse use, GError **error)
{
    static const int flags[] = {
        [SM_DB_READ] = SQLITE_OPEN_READONLY,
        [SM_DB_WRITE] = SQLITE_OPEN_READWRITE,
        [SM_DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    Connection *to = g_atomic_rc_box_new0(Connection);
    g_autoptr(SmDb) db = NULL;
    int code;

    count_no_memory();
    g_rec_mutex_init(&to->lock);
    to->path = g_strdup(path);
    to->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    code = sqlite3_open_v2(path, &to->handle, flags[use] | SQLITE_OPEN_NOMUTEX, NULL);
    db = db_of(to, &backend);
    if (code == SQLITE_OK)
        code = sqlite3_busy_handler(to->handle, wait_for_lock, to);
    if (code != SQLITE_OK) {
        fail(to, code, error);
        return NULL;
    }
    distrust_file(to->handle);
    if (!sm_db_file_adapt(to->handle, to->path, &to->methods, error))
        return NULL;
    return g_steal_pointer(&db);
}
