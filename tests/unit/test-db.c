/* SQLite with GErrors: values go in and come out, and every failure says path, cause and remedy. */
#include "fetch/database/backend.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch-fixture.h"

static guint syncs;

/* In place of libc's, for SQLite as well. */
int
fdatasync(int fd)
{
    syncs++;
    return fsync(fd);
}

static SmDb *
in_memory(void)
{
    g_autoptr(GError) error = NULL;
    SmDb *db = sm_db_open(":memory:", SM_DB_CREATE, &error);

    g_assert_no_error(error);
    g_assert_true(sm_db_exec(db, "CREATE TABLE t (n INTEGER UNIQUE, s TEXT)", NULL));
    return db;
}

typedef struct {
    const char *text;
    gint64 number;
    gboolean is_small;
} Thing;

typedef struct {
    char *text;
    gint64 number;
} Filled;

static void
finish(gpointer made, const SmRow *row)
{
    Thing *thing = made;

    thing->is_small = sm_row_int64(row, 1) < 10;
}

static const SmField of_thing[] = {SM_FIELD(Thing, text), SM_FIELD(Thing, number)};
static const SmMaker things = SM_MAKER(Thing, of_thing, finish);

static void
binds_values_in_their_order(void)
{
    g_autoptr(SmDb) db = in_memory();
    g_autoptr(GPtrArray) rows = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree Thing *first = NULL;
    const Thing *last;

    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t VALUES (?, ?), (?, ?)", "isis",
                            G_MININT64, "it's; DROP TABLE t", G_MAXINT64, NULL));
    rows = sm_db_list(db, &error, &things, "SELECT s, n FROM t ORDER BY n DESC", "");
    g_assert_no_error(error);
    g_assert_cmpuint(rows->len, ==, 2);
    last = rows->pdata[1];
    g_assert_cmpstr(last->text, ==, "it's; DROP TABLE t");
    g_assert_cmpint(last->number, ==, G_MININT64);
    g_assert_true(last->is_small);
    first = sm_db_first(db, &error, &things, "SELECT s, n FROM t ORDER BY n DESC", "");
    g_assert_null(first->text);
    g_assert_cmpint(first->number, ==, G_MAXINT64);
    g_assert_false(first->is_small);
    g_assert_null(sm_db_first(db, &error, &things, "SELECT s, n FROM t WHERE n = 1", ""));
    g_assert_no_error(error);
}

static gboolean
add_thing(gconstpointer made, gpointer texts)
{
    const Thing *thing = made;

    g_string_append_printf(texts, "%s%d ", thing->text, (int)thing->number);
    return thing->number < 2;
}

static void
hands_structs_over_one_at_a_time(void)
{
    g_autoptr(SmDb) db = in_memory();
    g_autoptr(GString) texts = g_string_new(NULL);
    const SmReader reader = {&things, add_thing, texts};

    g_assert_true(
        sm_db_run(db, NULL, NULL, "INSERT INTO t VALUES (1, 'a'), (2, '\xc3\xa9'), (3, 'c')", ""));
    g_assert_true(sm_db_read(db, NULL, &reader, "SELECT s, n FROM t ORDER BY n", ""));
    g_assert_cmpstr(texts->str, ==, "a1 \xc3\xa9\x32 ");
}

static void
fills_in_what_it_knows_the_name_of(void)
{
    static const SmField fields[] = {SM_FIELD(Filled, number), {'-', 0}, SM_FIELD(Filled, text)};
    g_autoptr(SmDb) db = in_memory();
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    const SmFiller filler = {by_name, fields, G_N_ELEMENTS(fields)};
    Filled known = {g_strdup("before"), 7}, other = {NULL, 7};

    g_hash_table_insert(by_name, (gpointer) "a", &known);
    g_hash_table_insert(by_name, (gpointer) "b", &other);
    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t VALUES (1, 'a'), (2, 'c')", ""));
    g_assert_true(sm_db_fill(db, NULL, &filler, "SELECT s, n, 5, 'text of ' || s FROM t", ""));
    g_assert_cmpstr(known.text, ==, "text of a");
    g_assert_cmpint(known.number, ==, 1);
    g_assert_cmpint(other.number, ==, 7);
    g_free(known.text);
}

static void
tells_whether_there_is_a_row(void)
{
    g_autoptr(SmDb) db = in_memory();
    gboolean has = FALSE;

    g_assert_true(sm_db_has(db, NULL, &has, "SELECT NULL", ""));
    g_assert_true(has);
    g_assert_true(sm_db_has(db, NULL, &has, "SELECT 1 FROM t", ""));
    g_assert_false(has);
    has = TRUE;
    g_assert_false(sm_db_has(db, NULL, &has, "SELECT nothing FROM t", ""));
    g_assert_false(has);
}

static gboolean
take_two(const SmRow *row, gpointer taken)
{
    *(gint64 *)taken += sm_row_int64(row, 0);
    return *(gint64 *)taken < 3;
}

static void
rows_end_when_no_more_are_wanted(void)
{
    g_autoptr(SmDb) db = in_memory();
    gint64 sum = 0;

    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t (n) VALUES (1), (2), (4)", ""));
    for (int i = 0; i < 2; i++, sum = 0) {
        g_assert_true(
            sm_db_each(db, NULL, &(SmTaker){take_two, &sum}, "SELECT n FROM t ORDER BY n", ""));
        g_assert_cmpint(sum, ==, 3);
    }
}

/* A row of a query within which the same query is made: refused, not taken for another. */
static gboolean
ask_again(const SmRow *row, gpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(sm_db_first(data, &error, &things, "SELECT s, n FROM t", ""));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    return TRUE;
}

static void
a_query_within_itself_is_refused(void)
{
    g_autoptr(SmDb) db = in_memory();

    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t (n) VALUES (1)", ""));
    g_assert_true(sm_db_each(db, NULL, &(SmTaker){ask_again, db}, "SELECT s, n FROM t", ""));
}

static void
counts_the_changed_rows(void)
{
    g_autoptr(SmDb) db = in_memory();
    int changed = -1;

    g_assert_true(sm_db_run(db, NULL, &changed, "INSERT INTO t (n) VALUES (1), (2), (3)", ""));
    g_assert_cmpint(changed, ==, 3);
    g_assert_true(
        sm_db_run(db, NULL, &changed, "UPDATE t SET s = 'x' WHERE n > ?", "i", (gint64)1));
    g_assert_cmpint(changed, ==, 2);
    g_assert_true(
        sm_db_run(db, NULL, &changed, "UPDATE t SET s = 'x' WHERE n > ?", "i", (gint64)9));
    g_assert_cmpint(changed, ==, 0);
}

static void
an_integer_may_be_missing(void)
{
    g_autoptr(SmDb) db = in_memory();
    gint64 value = 7;

    g_assert_true(sm_db_integer(db, NULL, &value, "SELECT n FROM t", ""));
    g_assert_cmpint(value, ==, 0);
    value = 7;
    g_assert_true(sm_db_integer(db, NULL, &value, "SELECT NULL", ""));
    g_assert_cmpint(value, ==, 0);
    g_assert_true(sm_db_integer(db, NULL, &value, "SELECT ?", "i", (gint64)5));
    g_assert_cmpint(value, ==, 5);
}

static void
a_transaction_is_undone(void)
{
    g_autoptr(SmDb) db = in_memory();
    gint64 rows;

    g_assert_true(sm_db_begin(db, "main", NULL));
    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t (n) VALUES (1)", ""));
    g_assert_false(sm_db_end(db, FALSE, NULL));
    g_assert_false(sm_db_end(db, FALSE, NULL)); /* there is none any more */
    g_assert_true(sm_db_begin(db, "main", NULL));
    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t (n) VALUES (2)", ""));
    g_assert_true(sm_db_end(db, TRUE, NULL));
    g_assert_true(sm_db_integer(db, NULL, &rows, "SELECT count(*) FROM t", ""));
    g_assert_cmpint(rows, ==, 1);
}

static void
says_what_failed(void)
{
    g_autoptr(SmDb) db = in_memory();
    g_autoptr(GError) syntax = NULL;
    g_autoptr(GError) unique = NULL;
    g_autoptr(GError) query = NULL;
    g_autoptr(GError) integer = NULL;
    gint64 value;

    g_assert_false(sm_db_exec(db, "SELEKT", &syntax));
    g_assert_error(syntax, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(syntax->message, "ledger :memory:", "SELEKT", NULL);
    g_assert_false(sm_db_run(db, &unique, NULL, "INSERT INTO t (n) VALUES (1), (1)", ""));
    g_assert_error(unique, SM_ERROR, (int)SM_ERROR_LEDGER);
    g_assert_null(sm_db_first(db, &query, &things, "SELECT nothing FROM t", ""));
    g_assert_error(query, SM_ERROR, (int)SM_ERROR_LEDGER);
    g_assert_false(sm_db_integer(db, &integer, &value, "SELECT nothing FROM t", ""));
    g_assert_error(integer, SM_ERROR, (int)SM_ERROR_LEDGER);
}

static void
says_that_it_is_full(void)
{
    g_autoptr(SmDb) db = in_memory();
    g_autoptr(GError) error = NULL;
    g_autofree char *long_text = g_strnfill(1000000, 'x');

    g_assert_true(sm_db_exec(db, "PRAGMA max_page_count = 5", NULL));
    g_assert_false(sm_db_run(db, &error, NULL, "INSERT INTO t VALUES (1, ?)", "s", long_text));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, "full", "free space", NULL);
}

/* How many syncs a transaction makes. */
static guint
syncs_of_one(SmDb *db)
{
    guint before = syncs;

    g_assert_true(sm_db_begin(db, "", NULL));
    g_assert_true(
        sm_db_end(db, sm_db_run(db, NULL, NULL, "INSERT INTO t VALUES (1, 'a')", ""), NULL));
    return syncs - before;
}

static void
a_wal_s_header_is_synced_where_another_was_before(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->folder, "syncs.db", NULL);
    g_autoptr(SmDb) db = sm_db_open(path, SM_DB_CREATE, NULL);
    guint before;

    g_assert_true(sm_db_exec(db,
                             "PRAGMA journal_mode = WAL; CREATE TABLE t (n, s);"
                             " PRAGMA wal_checkpoint(TRUNCATE)",
                             NULL));
    g_assert_cmpuint(syncs_of_one(db), ==, 1);
    g_assert_cmpuint(syncs_of_one(db), ==, 1);
    g_assert_true(sm_db_exec(db, "PRAGMA wal_checkpoint(RESTART)", NULL));
    g_assert_cmpuint(syncs_of_one(db), ==, 2); /* the header, then the pages */
    before = syncs;
    g_assert_false(sm_db_defer(db, TRUE));
    g_assert_cmpuint(syncs_of_one(db), ==, 0);
    g_assert_true(sm_db_defer(db, FALSE));
    g_assert_cmpuint(syncs, ==, before);
    g_assert_cmpuint(syncs_of_one(db), ==, 1); /* with what waited */
    g_assert_true(sm_db_sync(db, NULL));
    g_assert_cmpuint(syncs, ==, before + 1);
}

/* A transaction that changes nothing brings nothing to the disk. */
static void
what_waits_is_synced_in_the_end(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->folder, "waits.db", NULL);
    g_autoptr(SmDb) db = sm_db_open(path, SM_DB_CREATE, NULL);
    guint before;

    g_assert_true(sm_db_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE t (n, s);", NULL));
    g_assert_true(sm_db_end(db, sm_db_begin(db, "", NULL), NULL));
    sm_db_defer(db, TRUE);
    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t VALUES (1, 'a')", ""));
    sm_db_defer(db, FALSE);
    g_assert_true(sm_db_end(db, sm_db_begin(db, NULL, NULL), NULL));
    before = syncs;
    g_assert_true(sm_db_sync(db, NULL));
    g_assert_cmpuint(syncs, ==, before + 1);
    g_assert_true(sm_db_sync(db, NULL));
    g_assert_cmpuint(syncs, ==, before + 1);
}

static void
says_who_holds_it(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) other = sm_db_open(fixture->path, SM_DB_WRITE, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(other);
    sqlite3_busy_timeout(other->handle, 0);
    g_assert_true(sm_db_begin(fixture->ledger->db, "main", NULL));
    g_assert_false(sm_db_begin(other, "main", &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, fixture->path, "another process holds it", NULL);
    g_assert_false(sm_db_end(fixture->ledger->db, FALSE, NULL));
    g_assert_true(sm_db_begin(other, "main", NULL));
    g_assert_false(sm_db_end(other, FALSE, NULL));
}

static void
says_that_it_cannot_be_opened(Fixture *fixture, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(fixture->folder, "no", "ledger.db", NULL);
    g_autofree char *text = g_build_filename(fixture->folder, "text.db", NULL);
    g_autoptr(GError) no_folder = NULL;
    g_autoptr(GError) no_database = NULL;
    g_autoptr(SmDb) db = NULL;

    g_assert_null(sm_db_open(missing, SM_DB_CREATE, &no_folder));
    g_assert_error(no_folder, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(no_folder->message, missing, "unable to open", "directory", NULL);
    g_assert_true(g_file_set_contents(text, "this is a plain text, of some length", -1, NULL));
    db = sm_db_open(text, SM_DB_WRITE, NULL);
    g_assert_nonnull(db);
    g_assert_false(sm_db_exec(db, "SELECT * FROM files", &no_database));
    g_assert_error(no_database, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(no_database->message, text, "not a database", "backup", NULL);
}

/* Who may write to the file cannot have more of it than rows. */
static void
the_schema_cannot_be_rewritten(void)
{
    g_autoptr(SmDb) db = in_memory();
    gint64 tables;

    sm_db_exec(db, "PRAGMA writable_schema = ON", NULL);
    g_assert_false(sm_db_exec(db, "DELETE FROM sqlite_master", NULL));
    g_assert_true(sm_db_integer(db, NULL, &tables,
                                "SELECT count(*) FROM sqlite_master"
                                " WHERE name = 't'",
                                ""));
    g_assert_cmpint(tables, ==, 1);
    /* a function that does something beyond its result may not stand in a view */
    g_assert_true(sm_db_exec(db, "CREATE VIEW v AS SELECT load_extension('evil') AS x", NULL));
    g_assert_false(sm_db_integer(db, NULL, &tables, "SELECT x FROM v", ""));
}

enum { THREADS = 4, ADDED = 50 };

/* Moves one from the first row to the second, again and again; every second time it is undone. */
static gpointer
move_often(gpointer data)
{
    g_autoptr(SmDb) db = sm_db_share(data);

    for (int i = 0; i < 2 * ADDED; i++) {
        gboolean ok = sm_db_begin(db, "", NULL);

        ok = ok && sm_db_run(db, NULL, NULL, "UPDATE t SET n = n - 1 WHERE s = 'first'", "");
        g_thread_yield();
        ok = ok && sm_db_run(db, NULL, NULL, "UPDATE t SET n = n + 1 WHERE s = 'second'", "");
        g_assert_true(ok);
        g_assert_cmpint(sm_db_end(db, i % 2 == 0, NULL), ==, i % 2 == 0);
    }
    return NULL;
}

/* Nobody sees half of a transaction, or becomes a part of another thread's. */
static void
a_transaction_is_one_threads_own(void)
{
    g_autoptr(SmDb) db = in_memory();
    GThread *threads[THREADS];
    gint64 value;

    g_assert_true(sm_db_exec(db, "INSERT INTO t VALUES (-1000, 'first'), (1000, 'second')", NULL));
    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("moves", move_often, db);
    for (int i = 0; i < ADDED; i++) {
        g_assert_true(sm_db_integer(db, NULL, &value, "SELECT sum(n) FROM t", ""));
        g_assert_cmpint(value, ==, 0);
        g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO t VALUES (NULL, 'own')", ""));
    }
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    g_assert_true(sm_db_integer(db, NULL, &value, "SELECT n FROM t WHERE s = 'second'", ""));
    g_assert_cmpint(value, ==, 1000 + THREADS * ADDED);
    g_assert_true(sm_db_integer(db, NULL, &value, "SELECT count(*) FROM t WHERE s = 'own'", ""));
    g_assert_cmpint(value, ==, ADDED);
}

static void
the_last_thread_closes_it(void)
{
    SmDb *first = in_memory(), *second = sm_db_share(first);

    g_assert_false(sm_db_end(second, FALSE, NULL)); /* nothing was begun */
    sm_db_close(first);
    g_assert_true(sm_db_run(second, NULL, NULL, "INSERT INTO t VALUES (1, 'x')", ""));
    sm_db_close(second);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/db/binds values in their order", binds_values_in_their_order);
    g_test_add_func("/db/hands structs over one at a time", hands_structs_over_one_at_a_time);
    g_test_add_func("/db/fills in what it knows the name of", fills_in_what_it_knows_the_name_of);
    g_test_add_func("/db/tells whether there is a row", tells_whether_there_is_a_row);
    g_test_add_func("/db/rows end when no more are wanted", rows_end_when_no_more_are_wanted);
    g_test_add_func("/db/a query within itself is refused", a_query_within_itself_is_refused);
    g_test_add_func("/db/counts the changed rows", counts_the_changed_rows);
    g_test_add_func("/db/an integer may be missing", an_integer_may_be_missing);
    g_test_add_func("/db/a transaction is undone", a_transaction_is_undone);
    g_test_add_func("/db/a transaction is one thread's own", a_transaction_is_one_threads_own);
    g_test_add_func("/db/the last thread closes it", the_last_thread_closes_it);
    g_test_add_func("/db/says what failed", says_what_failed);
    g_test_add_func("/db/says that it is full", says_that_it_is_full);
    g_test_add_func("/db/the schema cannot be rewritten", the_schema_cannot_be_rewritten);
    ADD_OF_FILE("/db/a -wal's header is synced where another was before", NULL,
                a_wal_s_header_is_synced_where_another_was_before);
    ADD_OF_FILE("/db/what waits is synced in the end", NULL, what_waits_is_synced_in_the_end);
    ADD("/db/says who holds it", NULL, says_who_holds_it);
    ADD("/db/says that it cannot be opened", NULL, says_that_it_cannot_be_opened);
    return g_test_run();
}
