/* A ledger moved to another database is the same ledger: each row, each counter, the next id. */
#include "fetch/ledger/copy.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/database/schema.h"
#include "fetch/notes/accounts.h"
#include "fetch/rows/updates.h"

/* Rows in every table, and one that is gone: its id. */
static gint64
fill(Fixture *fixture)
{
    SmLedger *ledger = fixture->ledger;
    SmFile *file;
    gint64 gone;

    fixture_announce(fixture, CSV, "one");
    file = fixture_stored_row(fixture, CSV, "the scores");
    g_assert_true(sm_file_raise_fence(ledger, file, 0, NULL));
    g_assert_true(fixture_placing(ledger, file, (SmContent){3, "ab"}, NULL, "boot", NULL));
    g_assert_true(sm_file_stored(ledger, file, "corrected", TRUE, "old \"one\"", NULL));
    sm_file_free(file);
    fixture_announce(fixture, TXT, "two");
    file = fixture_row_in(fixture, "gone.csv", SM_FILE_FAILED);
    gone = file->id;
    sm_file_free(file);
    fixture_sql(fixture, "DELETE FROM files WHERE name = 'gone.csv'");
    g_assert_true(sm_account_want_listing(ledger, "main", NULL));
    fixture_sql(fixture,
                "INSERT INTO alerts (account, kind, text, first, last)"
                " VALUES ('', 'disk', 'full', 1, 2), ('main', 'disk', 'caf\303\251', 1, 2)");
    return gone;
}

static SmDb *
new_file(Fixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
    SmDb *db = sm_db_open(path, SM_DB_CREATE, NULL);

    g_assert_true(sm_ledger_schema_ensure(db, NULL));
    return db;
}

static gint64
number(SmDb *db, const char *sql)
{
    gint64 value;

    g_assert_true(sm_db_integer(db, NULL, &value, sql, ""));
    return value;
}

/* From a server's ledger, or a file's, to a file, and back to what is empty now. */
static void
there_and_back_it_is_the_same(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) there = new_file(fixture, "there.db");
    g_autofree char *before = NULL, *after = NULL;
    g_autoptr(GError) error = NULL;
    SmCopied first, second;
    gint64 gone = fill(fixture);

    before = fixture_dump(fixture);
    sm_ledger_copy(fixture->ledger->db, there, &first, &error);
    g_assert_no_error(error);
    g_clear_pointer(&fixture->ledger, sm_ledger_close);
    fixture_forget_ledger(fixture);
    sm_ledger_copy(there, fixture->ledger->db, &second, &error);
    g_assert_no_error(error);
    g_assert_cmpint(first.rows, ==, second.rows);
    g_assert_cmpstr(first.hash, ==, second.hash);
    after = fixture_dump(fixture);
    g_assert_cmpstr(after, ==, before);
    /* an id names a lock, and is never used twice */
    sm_file_free(fixture_row_in(fixture, "next.csv", SM_FILE_WAITING));
    g_assert_cmpint(fixture_number(fixture, "SELECT id FROM files WHERE name = 'next.csv'"), >,
                    gone);
}

/* Each table of the schema, of which a later version may have more. */
static void
every_table_is_copied(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) there = new_file(fixture, "there.db");
    g_autofree char *names = NULL;
    g_auto(GStrv) tables = NULL;
    SmCopied copied;
    gint64 rows = 0;

    fill(fixture);
    g_assert_true(sm_ledger_copy(fixture->ledger->db, there, &copied, NULL));
    names = fixture_is_on_server()
                ? fixture_texts(fixture, "SELECT tablename FROM pg_tables WHERE schemaname ="
                                         " current_schema() AND tablename <> 'schema_version'")
                : fixture_texts(fixture, "SELECT name FROM sqlite_master WHERE type = 'table' AND"
                                         " name <> 'sqlite_sequence'");
    tables = g_strsplit(names, " ", -1);
    g_assert_cmpuint(g_strv_length(tables), >=, 9);
    for (char **table = tables; *table != NULL; table++) {
        g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", *table);
        gint64 here = fixture_number(fixture, sql);

        g_test_message("%s", *table);
        g_assert_cmpint(here, >, 0);
        g_assert_cmpint(number(there, sql), ==, here);
        rows += here;
    }
    g_assert_cmpint(copied.rows, ==, rows);
}

static void
assert_not_copied(Fixture *fixture, SmDb *to, SmErrorCode code, const char *said)
{
    g_autoptr(GError) error = NULL;
    SmCopied copied;

    g_assert_false(sm_ledger_copy(fixture->ledger->db, to, &copied, &error));
    g_assert_error(error, SM_ERROR, (int)code);
    fixture_assert_says(error->message, said, NULL);
}

static void
what_is_not_empty_is_left_alone(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) there = new_file(fixture, "there.db");

    fill(fixture);
    g_assert_true(sm_db_exec(there,
                             "INSERT INTO log (at, account, name, action, detail, uid, command)"
                             " VALUES (1, '', '', 'x', '', 0, '')",
                             NULL));
    assert_not_copied(fixture, there, SM_ERROR_CONFLICT, "is not empty");
    g_assert_cmpint(number(there, "SELECT count(*) FROM files"), ==, 0);
    g_assert_cmpint(number(there, "SELECT count(*) FROM log"), ==, 1);
}

/* A target that changes what it is given, by one letter, one row, or a column. */
static void
what_does_not_come_out_the_same_is_undone(Fixture *fixture, gconstpointer data)
{
    static const char *const harms[] = {
        "CREATE TRIGGER harm AFTER INSERT ON alerts BEGIN UPDATE alerts SET text = text || ' ';"
        " END",
        "CREATE TRIGGER harm AFTER INSERT ON files BEGIN DELETE FROM events WHERE name = new.name;"
        " END",
        "CREATE TRIGGER harm AFTER INSERT ON handovers BEGIN UPDATE handovers SET previous = NULL;"
        " END",
        "CREATE TRIGGER harm AFTER INSERT ON days BEGIN UPDATE totals SET files = files + 1; END",
    };

    fill(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(harms); i++) {
        g_autofree char *name = g_strdup_printf("%" G_GSIZE_FORMAT ".db", i);
        g_autoptr(SmDb) there = new_file(fixture, name);

        g_assert_true(sm_db_exec(there, harms[i], NULL));
        assert_not_copied(fixture, there, SM_ERROR_LEDGER, "nothing was copied");
        g_assert_cmpint(number(there, "SELECT count(*) FROM files"), ==, 0);
        g_assert_cmpint(number(there, "SELECT count(*) FROM keys"), ==, 1);
    }
}

static void
other_columns_are_no_ledger_of_this_version(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) there = new_file(fixture, "there.db");

    fill(fixture);
    g_assert_true(sm_db_exec(there, "ALTER TABLE events ADD COLUMN later TEXT", NULL));
    assert_not_copied(fixture, there, SM_ERROR_LEDGER, "table events has other columns");
}

/* More rows than are in memory at once. */
static void
many_rows_are_copied(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) there = new_file(fixture, "there.db");
    g_autoptr(GError) error = NULL;
    SmCopied copied;

    fixture_sql(fixture,
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
                " INSERT INTO log (at, account, name, action, detail, uid, command)"
                " SELECT i, 'main', 'x', 'stored', '', 0, '' FROM n");
    fixture_unlock_log(fixture);
    fixture_sql(fixture, "DELETE FROM log WHERE id BETWEEN 500 AND 600");
    sm_ledger_copy(fixture->ledger->db, there, &copied, &error);
    g_assert_no_error(error);
    g_assert_cmpint(number(there, "SELECT count(*) FROM log"), ==, 2899);
    g_assert_cmpint(number(there, "SELECT max(id) FROM log"), ==, 3000);
}

/* On a server, whose other sessions could. */
static void
nobody_writes_to_it_meanwhile(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) from = new_file(fixture, "from.db");
    g_autoptr(GError) error = NULL;
    SmCopied copied;

    fixture_sql(fixture, "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
                         " IF NOT EXISTS (SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid()"
                         "  AND relation = ''events''::regclass AND mode = ''ExclusiveLock'') THEN"
                         "  RAISE EXCEPTION ''others may write''; END IF; RETURN NULL; END'");
    fixture_sql(fixture, "CREATE TRIGGER look BEFORE DELETE ON keys EXECUTE FUNCTION look()");
    sm_ledger_copy(from, fixture->ledger->db, &copied, &error);
    fixture_sql(fixture, "DROP FUNCTION look CASCADE");
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/ledger-copy/there and back it is the same", NULL, there_and_back_it_is_the_same);
    ADD("/ledger-copy/every table is copied", NULL, every_table_is_copied);
    ADD("/ledger-copy/what is not empty is left alone", NULL, what_is_not_empty_is_left_alone);
    ADD("/ledger-copy/what does not come out the same is undone", NULL,
        what_does_not_come_out_the_same_is_undone);
    ADD("/ledger-copy/other columns are no ledger of this version", NULL,
        other_columns_are_no_ledger_of_this_version);
    ADD("/ledger-copy/many rows are copied", NULL, many_rows_are_copied);
    if (fixture_is_on_server())
        ADD("/ledger-copy/nobody writes to it meanwhile", NULL, nobody_writes_to_it_meanwhile);
    return g_test_run();
}
