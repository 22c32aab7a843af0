#include "fetch-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fetch/database/backend.h"
#include "fetch/rows/events.h"
#include "fetch/rows/updates.h"

gboolean
fixture_is_on_server(void)
{
    return g_getenv("SCOREMAIL_TEST_SERVER") != NULL;
}

/* Statements for this program's schema. */
static void
on_server(const char *sql)
{
    g_autofree char *where = g_strconcat("postgresql:", g_getenv("SCOREMAIL_TEST_SERVER"), NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(SmDb) db = sm_db_connect(where, NULL, &error);

    g_assert_no_error(error);
    sm_db_exec(db, sql, &error);
    g_assert_no_error(error);
}

void
fixture_empty_schema(void)
{
    g_autofree char *sql = g_strdup_printf("DROP SCHEMA IF EXISTS t%d CASCADE; CREATE SCHEMA t%d",
                                           (int)getpid(), (int)getpid());

    on_server(sql);
}

/* As if its tables were new, in a tenth of the time. */
static void
empty_tables(void)
{
    static const char *const with_ids[] = {"files", "events", "accounts", "log", "handovers"};
    g_autoptr(GString) sql = g_string_new(NULL);

    g_string_printf(
        sql,
        "SET search_path = t%d; DELETE FROM alerts; DELETE FROM days;"
        " DELETE FROM keys; UPDATE schema_version SET version = 3;"
        " INSERT INTO keys VALUES ('fingerprint', md5(random()::text) || md5(random()::text));"
        " ALTER TABLE log ENABLE TRIGGER log_is_final;",
        (int)getpid());
    for (gsize i = 0; i < G_N_ELEMENTS(with_ids); i++)
        g_string_append_printf(sql, "DELETE FROM %s; ALTER SEQUENCE %s_id_seq RESTART;",
                               with_ids[i], with_ids[i]);
    g_string_append(sql, "DELETE FROM totals");
    on_server(sql->str);
}

static char *
new_place(const char *folder)
{
    static gboolean made;

    if (!fixture_is_on_server())
        return g_build_filename(folder, "ledger.db", NULL);
    if (made)
        empty_tables();
    else
        fixture_empty_schema();
    made = TRUE;
    return g_strdup_printf("postgresql:%s options=-csearch_path=t%d",
                           g_getenv("SCOREMAIL_TEST_SERVER"), (int)getpid());
}

void
fixture_set_up(Fixture *fixture, gconstpointer data)
{
    static const char *const extensions[] = {"csv", "txt", NULL};
    static const char *const nothing[] = {NULL};
    static const char *const hosts[] = {"*.s3.amazonaws.com", NULL};
    g_autoptr(GError) error = NULL;
    SmAccount *account = &fixture->account;

    umask(077); /* as sm_startup() has it */
    fixture->folder = g_dir_make_tmp("scoremail-fetch-XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
    fixture->path = new_place(fixture->folder);
    fixture->ledger = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "test", &error);
    g_assert_no_error(error);
    *account = (SmAccount){
        .name = g_strdup("main"),
        .enabled = TRUE,
        .username = g_strdup("reg"),
        .password_file = g_build_filename(fixture->folder, "password", NULL),
        .directory = g_build_filename(fixture->folder, "scores", NULL),
        .format = SM_FORMAT_BOTH,
        .extensions = g_strdupv((GStrv)extensions),
        .recipients = g_strdupv((GStrv)nothing),
        .org_ids = g_strdupv((GStrv)nothing),
        .senders = g_strdupv((GStrv)nothing),
        .service_url = g_strdup("https://127.0.0.1:1/nobody"),
        .storage_hosts = g_strdupv((GStrv)hosts),
        .connect_timeout = 5,
        .give_up_after = 1,
        .run_limit = 10,
        .max_file_size = G_MAXINT32,
        .file_mode = 0600,
        .directory_mode = 0700,
        .group = (gid_t)-1,
    };
    g_assert_cmpint(g_mkdir(account->directory, 0700), ==, 0);
    g_assert_true(g_file_set_contents(account->password_file, "secret-Pa55\n", -1, NULL));
    g_assert_cmpint(g_chmod(account->password_file, 0600), ==, 0);
    fixture->store = sm_store_open(account, &error);
    g_assert_no_error(error);
}

static void
remove_contents(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
            remove_contents(path);
        else
            g_unlink(path);
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_rmdir(folder);
}

void
fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    SmAccount *account = &fixture->account;

    sm_ledger_close(fixture->ledger);
    sm_store_close(fixture->store);
    remove_contents(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->path);
    g_free(account->name);
    g_free(account->username);
    g_free(account->password_file);
    g_free(account->directory);
    g_strfreev(account->extensions);
    g_strfreev(account->recipients);
    g_strfreev(account->org_ids);
    g_strfreev(account->senders);
    g_free(account->service_url);
    g_strfreev(account->storage_hosts);
}

void
fixture_sql(Fixture *fixture, const char *sql)
{
    g_autoptr(GError) error = NULL;

    sm_db_exec(fixture->ledger->db, sql, &error);
    g_assert_no_error(error);
}

void
fixture_forget_ledger(Fixture *fixture)
{
    g_autofree char *lock = NULL;

    if (fixture_is_on_server()) {
        fixture_empty_schema();
    } else {
        lock = sm_db_lock_file(fixture->path);
        g_assert_cmpint(g_unlink(fixture->path), ==, 0);
        g_assert_cmpint(g_unlink(lock), ==, 0);
    }
    fixture->ledger = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "test", NULL);
    g_assert_nonnull(fixture->ledger);
}

void
fixture_unlock_log(Fixture *fixture)
{
    fixture_sql(fixture, fixture_is_on_server() ? "ALTER TABLE log DISABLE TRIGGER log_is_final"
                                                : "DROP TRIGGER log_is_final");
}

gint64
fixture_number(Fixture *fixture, const char *sql)
{
    g_autoptr(GError) error = NULL;
    gint64 number;

    sm_db_integer(fixture->ledger->db, &error, &number, sql, "");
    g_assert_no_error(error);
    return number;
}

char *
fixture_texts(Fixture *fixture, const char *sql)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) texts = sm_db_list(fixture->ledger->db, &error, &sm_db_texts, sql, "");

    g_assert_no_error(error);
    g_ptr_array_add(texts, NULL);
    return g_strjoinv(" ", (char **)texts->pdata);
}

static void
dump_file(const char *path, const char *sql, GString *text)
{
    sqlite3_stmt *row;
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &row, NULL), ==, SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW)
        for (int column = 0; column < sqlite3_column_count(row); column++)
            g_string_append_printf(text, "%s=%s ", sqlite3_column_name(row, column),
                                   (const char *)sqlite3_column_text(row, column));
    sqlite3_finalize(row);
    sqlite3_close(db);
}

char *
fixture_dump(Fixture *fixture)
{
    static const char *const tables[] = {"files",  "events",    "accounts", "log",
                                         "alerts", "handovers", "totals",   "days"};
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *sql =
            fixture_is_on_server()
                ? g_strdup_printf("SELECT to_json(t) FROM %s t ORDER BY t", tables[i])
                : g_strdup_printf("SELECT * FROM %s ORDER BY 1, 2", tables[i]);
        g_autofree char *rows = NULL;

        if (!fixture_is_on_server()) {
            dump_file(fixture->path, sql, text);
            continue;
        }
        rows = fixture_texts(fixture, sql);
        g_string_append(text, rows);
    }
    return g_string_free(text, FALSE);
}

static int
note_statement(unsigned type, void *statements, void *statement, void *text)
{
    char *sql = sqlite3_expanded_sql(statement);

    if (!g_str_has_prefix(text, "--")) /* a trigger's */
        g_ptr_array_add(statements, g_strdup(sql));
    sqlite3_free(sql);
    return 0;
}

static gboolean
add_detail(const SmRow *row, gpointer plan)
{
    g_string_append_printf(plan, "%s\n", sm_row_text(row, 3));
    return TRUE;
}

static void
add_plan(Fixture *fixture, const char *statement, GString *plan)
{
    g_autofree char *sql = g_strconcat("EXPLAIN QUERY PLAN ", statement, NULL);
    g_autoptr(GError) error = NULL;

    sm_db_each(fixture->ledger->db, &error, &(SmTaker){add_detail, plan}, sql, "");
    g_assert_no_error(error);
}

char *
fixture_plan(Fixture *fixture, void (*body)(Fixture *))
{
    g_autoptr(GPtrArray) statements = g_ptr_array_new_with_free_func(g_free);
    GString *plan = g_string_new(NULL);

    sqlite3_trace_v2(fixture->ledger->db->handle, SQLITE_TRACE_STMT, note_statement, statements);
    body(fixture);
    sqlite3_trace_v2(fixture->ledger->db->handle, 0, NULL, NULL);
    for (guint i = 0; i < statements->len; i++)
        add_plan(fixture, statements->pdata[i], plan);
    return g_string_free(plan, FALSE);
}

SmEvent *
fixture_event(const char *name, const char *message)
{
    const char *const names[] = {name, NULL};
    SmEvent *event = sm_event_new(SM_EVENT_NAMES);

    g_strfreev(event->names);
    event->names = g_strdupv((GStrv)names);
    g_free(event->message_id);
    event->message_id = g_strdup(message);
    return event;
}

void
fixture_announce(Fixture *fixture, const char *name, const char *message)
{
    g_autoptr(SmEvent) event = fixture_event(name, message);
    g_autoptr(GError) error = NULL;

    sm_event_record(fixture->ledger, &(SmAnnouncement){event, fixture->account.name, name}, &error);
    g_assert_no_error(error);
}

SmFile *
fixture_row(Fixture *fixture, const char *name)
{
    g_autoptr(GError) error = NULL;
    SmFile *file = sm_file_load(fixture->ledger, fixture->account.name, name, &error);

    g_assert_no_error(error);
    g_assert_nonnull(file);
    return file;
}

SmFile *
fixture_row_in(Fixture *fixture, const char *name, SmFileState state)
{
    g_autofree char *sql = g_strdup_printf("UPDATE files SET state = '%s' WHERE name = '%s'",
                                           sm_file_state_name(state), name);

    g_assert_true(sm_file_ensure(fixture->ledger, fixture->account.name, name, NULL));
    fixture_sql(fixture, sql);
    return fixture_row(fixture, name);
}

gboolean
fixture_placing(SmLedger *ledger, SmFile *file, SmContent part, const char *etag,
                const char *boot_id, GError **error)
{
    return sm_file_placing(ledger, file, &(SmContents){part, part, etag}, boot_id, error);
}

SmFile *
fixture_stored_row(Fixture *fixture, const char *name, const char *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sha256 = fixture_sha256(bytes);
    SmFile *file;

    g_assert_true(sm_file_ensure(fixture->ledger, fixture->account.name, name, NULL));
    file = fixture_row(fixture, name);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    g_assert_true(fixture_placing(fixture->ledger, file, (SmContent){(gint64)strlen(bytes), sha256},
                                  "\"tag\"", "boot", NULL));
    sm_file_stored(fixture->ledger, file, "stored", FALSE, NULL, &error);
    g_assert_no_error(error);
    return file;
}

void
fixture_put(Fixture *fixture, const char *name, const char *bytes)
{
    int fd = openat(fixture->store->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes, strlen(bytes)), ==, strlen(bytes));
    close(fd);
}

char *
fixture_get(Fixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->account.directory, name, NULL);
    char *bytes = NULL;

    g_file_get_contents(path, &bytes, NULL, NULL);
    return bytes;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
fixture_list(Fixture *fixture)
{
    GDir *dir = g_dir_open(fixture->account.directory, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL)
        if (!fixture_is_on_server() || strcmp(name, ".scoremail-id") != 0) /* there is always one */
            g_ptr_array_add(names, g_strdup(name));
    g_dir_close(dir);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (GStrv)names->pdata);
}

char *
fixture_sha256(const char *bytes)
{
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, bytes, -1);
}

pid_t
fixture_fork(Body body, gpointer data)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(body(data));
    return pid;
}

int
fixture_wait(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void
fixture_assert_says(const char *message, ...)
{
    const char *text;
    va_list texts;

    g_assert_nonnull(message);
    g_assert_null(strpbrk(message, "\r\n"));
    va_start(texts, message);
    while ((text = va_arg(texts, const char *)) != NULL)
        if (strstr(message, text) == NULL)
            g_error("\"%s\" is not in the message \"%s\"", text, message);
    va_end(texts);
}
