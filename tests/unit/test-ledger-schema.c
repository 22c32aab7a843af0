/* The ledger's versions: an old one is brought up to date with all that it knows, and kept as it
 * was. */
#include <glib/gstdio.h>

#include "fetch-fixture.h"
#include "fetch/database/schema.h"

/* What version 1 had, for the columns that its rows are counted by. */
static const char *const version_1[] = {
    "DROP TRIGGER log_is_final",   "DROP TRIGGER log_counted",
    "DROP TRIGGER file_made",      "DROP TRIGGER file_moved",
    "DROP TRIGGER file_gone",      "DROP TRIGGER event_came",
    "DROP TABLE totals",           "DROP TABLE days",
    "DROP TABLE alerts",           "DROP TABLE handovers",
    "DROP INDEX log_by_name",      "DROP INDEX log_by_time",
    "DROP INDEX files_due",        "DROP INDEX files_by_stored",
    "DROP INDEX files_of_account", "DROP INDEX files_in_trouble",
    "DROP INDEX events_refused",   "DROP INDEX events_refused_by_identity",
    "DROP INDEX events_by_time",   NULL,
};

static void
drop_columns(Fixture *fixture, const char *table, const char *first)
{
    g_autofree char *columns = NULL;
    g_auto(GStrv) doomed = NULL;
    g_autofree char *query =
        g_strdup_printf("SELECT name FROM pragma_table_info('%s') WHERE cid >= (SELECT cid FROM"
                        " pragma_table_info('%s') WHERE name = '%s')",
                        table, table, first);

    columns = fixture_texts(fixture, query);
    doomed = g_strsplit(columns, " ", -1);
    for (char **column = doomed; *column != NULL; column++) {
        g_autofree char *drop = g_strdup_printf("ALTER TABLE %s DROP COLUMN %s", table, *column);

        fixture_sql(fixture, drop);
    }
}

/* Makes a version 1 of the fixture's ledger, with a stored file that it keeps. */
static void
go_back_to_version_1(Fixture *fixture)
{
    sm_file_free(fixture_stored_row(fixture, CSV, "the scores"));
    for (gsize i = 0; version_1[i] != NULL; i++)
        fixture_sql(fixture, version_1[i]);
    drop_columns(fixture, "files", "origin");
    drop_columns(fixture, "accounts", "secret_since");
    drop_columns(fixture, "events", "received");
    fixture_sql(fixture, "PRAGMA user_version = 1");
    g_clear_pointer(&fixture->ledger, sm_ledger_close);
}

static void
an_older_ledger_is_brought_up_to_date_and_kept(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmFile) file = NULL;
    g_autofree char *copy = g_strconcat(fixture->path, ".schema-1", NULL);
    g_autoptr(SmDb) kept = NULL;
    gint64 number;

    go_back_to_version_1(fixture);
    fixture->ledger = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "test", &error);
    g_assert_no_error(error);
    file = fixture_row(fixture, CSV);
    g_assert_cmpint(file->state, ==, SM_FILE_STORED);
    g_assert_cmpint(fixture_number(fixture, "SELECT files FROM totals WHERE state = 'stored'"), ==,
                    1);
    g_assert_cmpint(fixture_number(fixture, "SELECT times FROM days WHERE action = 'stored'"), ==,
                    1);

    kept = sm_db_open(copy, SM_DB_READ, &error);
    g_assert_no_error(error);
    g_assert_true(sm_db_integer(kept, NULL, &number, "PRAGMA user_version", ""));
    g_assert_cmpint(number, ==, 1);
    g_assert_true(sm_db_integer(kept, NULL, &number, "SELECT count(*) FROM files", ""));
    g_assert_cmpint(number, ==, 1);
}

static void
an_upgrade_that_fails_leaves_the_old_ledger(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmDb) db = NULL;
    gint64 number;

    go_back_to_version_1(fixture);
    db = sm_db_open(fixture->path, SM_DB_WRITE, NULL);
    g_assert_true(sm_db_exec(db, "CREATE TABLE totals (in_the_way)", NULL));
    g_assert_false(sm_ledger_schema_ensure(db, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_LEDGER);
    g_assert_true(sm_db_integer(db, NULL, &number, "PRAGMA user_version", ""));
    g_assert_cmpint(number, ==, 1);
    g_assert_true(sm_db_integer(db, NULL, &number,
                                "SELECT count(*) FROM pragma_table_info('files')"
                                " WHERE name = 'origin'",
                                ""));
    g_assert_cmpint(number, ==, 0);
    /* and, once nothing is in the way, over the copy of the first try */
    g_assert_true(sm_db_exec(db, "DROP TABLE totals", NULL));
    g_assert_true(sm_ledger_schema_ensure(db, NULL));
}

static void
rows_of_the_log_are_never_rewritten(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    sm_file_free(fixture_stored_row(fixture, CSV, "the scores"));
    g_assert_false(
        sm_db_exec(fixture->ledger->db, "UPDATE log SET action = 'nothing at all'", &error));
    fixture_assert_says(error->message, "never rewritten", NULL);
}

static void
counters_move_with_what_they_count(Fixture *fixture, gconstpointer data)
{
    static const char differences[] =
        "SELECT count(*) FROM (SELECT account, state, files FROM totals WHERE files <> 0"
        " EXCEPT SELECT account, state, count(*) FROM files GROUP BY 1, 2) AS different";

    sm_file_free(fixture_row_in(fixture, CSV, SM_FILE_WAITING));
    sm_file_free(fixture_row_in(fixture, TXT, SM_FILE_DROPPED));
    g_assert_cmpint(fixture_number(fixture, differences), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT sum(files) FROM totals"), ==, 2);
    fixture_sql(fixture, "UPDATE files SET state = 'failed' WHERE state = 'waiting'");
    g_assert_cmpint(fixture_number(fixture, differences), ==, 0);
    fixture_sql(fixture, "DELETE FROM files WHERE state = 'dropped'");
    g_assert_cmpint(fixture_number(fixture, differences), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT sum(files) FROM totals"), ==, 1);
    fixture_sql(fixture, "BEGIN; UPDATE files SET state = 'waiting'; ROLLBACK");
    g_assert_cmpint(fixture_number(fixture, "SELECT files FROM totals WHERE state = 'failed'"), ==,
                    1);
}

/* Makes the fixture's ledger anew, and does sql to it. */
static void
spoil(Fixture *fixture, const char *sql)
{
    g_clear_pointer(&fixture->ledger, sm_ledger_close);
    if (fixture_is_on_server())
        fixture_empty_schema();
    else
        g_unlink(fixture->path);
    fixture->ledger = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "test", NULL);
    fixture_sql(fixture, sql);
}

static void
what_is_missing_is_named(Fixture *fixture, gconstpointer data)
{
    static const char restore[] = "restore the ledger from a backup", copy[] = "ledger copy";
    static const struct {
        const char *of_file, *of_server, *said, *remedy; /* NULL: the other kind has no such */
    } damages[] = {
        {"DROP TABLE handovers", "DROP TABLE handovers", "table handovers: missing", restore},
        {"DROP TABLE files; DROP TABLE log", "DROP TABLE events, log", "table log", restore},
        {NULL, "DROP TABLE files", "table files is missing", restore},
        {NULL, "DROP TABLE schema_version", "table schema_version is missing", restore},
        {NULL, "DELETE FROM schema_version", "the row of schema_version is missing", restore},
        {"PRAGMA user_version = 0", NULL, "has lost its version", "restore it from a backup"},
        {"PRAGMA user_version = -1", NULL, "has lost its version", "restore it from a backup"},
        {NULL, "ALTER TABLE totals RENAME TO t; CREATE VIEW totals AS SELECT * FROM t",
         "table totals", restore},
        {NULL, "ALTER TABLE keys SET UNLOGGED", "table keys", restore},
        {"ALTER TABLE accounts DROP COLUMN looked", "ALTER TABLE accounts DROP COLUMN looked",
         "column accounts.looked (number 0)", restore},
        {"ALTER TABLE files RENAME COLUMN etag TO tag",
         "ALTER TABLE files ALTER etag TYPE bigint USING 0", "column files.etag (text)", restore},
        {NULL, "ALTER TABLE files ALTER size TYPE integer", "column files.size (number)", restore},
        {NULL, "ALTER TABLE log ALTER id DROP IDENTITY", "column log.id (number)", restore},
        {NULL, "ALTER TABLE files ALTER reason DROP DEFAULT", "files.reason (text '')", restore},
        {"DROP INDEX files_due", "DROP INDEX files_due", "index files_due", copy},
        {NULL, "ALTER TABLE files DROP CONSTRAINT files_account_name_key",
         "key of files (account, name)", copy},
        {"DROP TRIGGER event_came", "ALTER TABLE events DISABLE TRIGGER event_came",
         "trigger event_came", copy},
        {NULL, "DROP FUNCTION instr(text, text)", "function instr", restore},
        {"DELETE FROM keys", "DELETE FROM keys", "row fingerprint of keys", restore},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
        const char *sql = fixture_is_on_server() ? damages[i].of_server : damages[i].of_file;
        g_autoptr(GError) error = NULL;
        gint64 version;

        if (sql == NULL)
            continue;
        g_test_message("%s", sql);
        spoil(fixture, sql);
        g_assert_null(sm_ledger_inspect(fixture->path, NULL, &version, &error));
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
        fixture_assert_says(error->message, damages[i].said, damages[i].remedy, NULL);
    }
    spoil(fixture, "CREATE INDEX of_an_administrator ON log (detail)");
    sm_ledger_close(fixture->ledger);
    fixture->ledger = sm_ledger_inspect(fixture->path, NULL, &(gint64){0}, NULL);
    g_assert_nonnull(fixture->ledger);
}

static void
an_older_ledger_is_whole_as_well(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 version;

    go_back_to_version_1(fixture);
    fixture->ledger = sm_ledger_inspect(fixture->path, NULL, &version, &error);
    g_assert_no_error(error);
    g_assert_cmpint(version, ==, 1);
    fixture_sql(fixture, "DROP TABLE events");
    g_assert_null(sm_ledger_inspect(fixture->path, NULL, &version, &error));
    fixture_assert_says(error->message, "table events: missing", NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_OF_FILE("/ledger-schema/an older ledger is brought up to date and kept", NULL,
                an_older_ledger_is_brought_up_to_date_and_kept);
    ADD_OF_FILE("/ledger-schema/an upgrade that fails leaves the old ledger", NULL,
                an_upgrade_that_fails_leaves_the_old_ledger);
    ADD_OF_FILE("/ledger-schema/an older ledger is whole as well", NULL,
                an_older_ledger_is_whole_as_well);
    ADD("/ledger-schema/what is missing is named", NULL, what_is_missing_is_named);
    ADD("/ledger-schema/rows of the log are never rewritten", NULL,
        rows_of_the_log_are_never_rewritten);
    ADD("/ledger-schema/counters move with what they count", NULL,
        counters_move_with_what_they_count);
    return g_test_run();
}
