/* The trail: its rows are found by name, account and time, and nobody rewrites one. */
#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/queries/log.h"

/* Two accounts; a clock that was set back once. */
static void
write_trail(Fixture *fixture)
{
    fixture_sql(fixture, "INSERT INTO log (at, account, name, action, detail, uid, command) VALUES"
                         " (100, 'oak', '1.csv', 'announced', '', 0, 'deliver'),"
                         " (200, 'oak', '1.csv', 'stored', '10 bytes', 0, 'deliver'),"
                         " (300, 'elm', '1.csv', 'stored', '20 bytes', 0, 'run'),"
                         " (250, 'oak', '2.csv', 'catted', '2.csv', 1000, 'cat'),"
                         " (400, '', '', 'backed up', '/copy', 1000, 'backup')");
}

static gboolean
collect(gconstpointer made, gpointer data)
{
    const SmLogRow *row = made;

    g_string_append_printf(data, "%d ", (int)row->at);
    return TRUE;
}

static void
assert_times(Fixture *fixture, SmLogFilter filter, const char *times)
{
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    sm_log_read(fixture->ledger, &filter, collect, found, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found->str, ==, times);
}

static void
rows_come_as_they_were_written(Fixture *fixture, gconstpointer data)
{
    write_trail(fixture);
    assert_times(fixture, (SmLogFilter){0}, "100 200 300 250 400 ");
}

static void
rows_of_a_name(Fixture *fixture, gconstpointer data)
{
    write_trail(fixture);
    assert_times(fixture, (SmLogFilter){.name = "1.csv"}, "100 200 300 ");
    assert_times(fixture, (SmLogFilter){.name = "1.csv", .account = "oak"}, "100 200 ");
    assert_times(fixture, (SmLogFilter){.name = "1.csv", .since = 200}, "200 300 ");
    assert_times(fixture, (SmLogFilter){.name = "3.csv"}, "");
}

static void
rows_of_an_account(Fixture *fixture, gconstpointer data)
{
    write_trail(fixture);
    assert_times(fixture, (SmLogFilter){.account = "oak"}, "100 200 250 ");
    assert_times(fixture, (SmLogFilter){.account = "ash"}, "");
}

static void
rows_of_a_time(Fixture *fixture, gconstpointer data)
{
    write_trail(fixture);
    assert_times(fixture, (SmLogFilter){.since = 200}, "200 250 300 400 ");
    assert_times(fixture, (SmLogFilter){.since = 200, .until = 400}, "200 250 300 ");
    assert_times(fixture, (SmLogFilter){.until = 200}, "100 ");
    assert_times(fixture, (SmLogFilter){.since = 201, .account = "oak"}, "250 ");
}

static gboolean
take_one(gconstpointer made, gpointer data)
{
    const SmLogRow *row = made;

    g_assert_cmpint((*(int *)data)++, ==, 0);
    g_assert_cmpint(row->at, ==, 100);
    g_assert_cmpint(row->uid, ==, 0);
    g_assert_cmpstr(row->account, ==, "oak");
    g_assert_cmpstr(row->name, ==, "1.csv");
    g_assert_cmpstr(row->action, ==, "announced");
    g_assert_cmpstr(row->detail, ==, "");
    g_assert_cmpstr(row->command, ==, "deliver");
    return FALSE;
}

static void
reading_ends_when_the_reader_has_enough(Fixture *fixture, gconstpointer data)
{
    SmLogFilter filter = {0};
    int taken = 0;

    write_trail(fixture);
    g_assert_true(sm_log_read(fixture->ledger, &filter, take_one, &taken, NULL));
    g_assert_cmpint(taken, ==, 1);
}

static gboolean
take_in_order(gconstpointer made, gpointer user_data)
{
    const SmLogRow *row = made;
    gint64 *last = user_data;

    g_assert_cmpint(row->id, >, *last);
    *last = row->id;
    return TRUE;
}

/* More than one query gives, many of them of one second. */
static void
many_rows_are_read_piece_by_piece(Fixture *fixture, gconstpointer data)
{
    const SmLogFilter filters[] = {
        {0}, {.since = 1}, {.since = 1, .account = "oak"}, {.name = "n"}};

    fixture_sql(fixture, "INSERT INTO log (at, account, name, action, detail, uid, command)"
                         " WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
                         "  WHERE i < 999)"
                         " SELECT 1000 + i / 700, 'oak', 'n', 'stored', '', 0, 'get' FROM n");
    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++) {
        gint64 last = 0;

        g_assert_true(sm_log_read(fixture->ledger, &filters[i], take_in_order, &last, NULL));
        g_assert_cmpint(last, ==, 1000);
    }
}

static void
no_row_is_rewritten(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    write_trail(fixture);
    g_assert_false(sm_db_exec(fixture->ledger->db, "UPDATE log SET detail = 'nothing'", &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_LEDGER);
    g_assert_nonnull(g_strrstr(error->message, "never rewritten"));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE detail = 'nothing'"),
                    ==, 0);
}

static void
read_with(Fixture *fixture, SmLogFilter filter)
{
    g_autoptr(GString) found = g_string_new(NULL);

    g_assert_true(sm_log_read(fixture->ledger, &filter, collect, found, NULL));
}

static void
by_name(Fixture *fixture)
{
    read_with(fixture, (SmLogFilter){.name = "1.csv"});
}

static void
by_time(Fixture *fixture)
{
    read_with(fixture, (SmLogFilter){.since = 200, .account = "oak"});
}

static void
by_nothing(Fixture *fixture)
{
    read_with(fixture, (SmLogFilter){0});
}

/* However many rows there are: what is asked for by name or time is found by an index, and only a
 * name's rows are sorted before the first one is printed. */
static void
rows_stream(Fixture *fixture, gconstpointer data)
{
    static const struct {
        void (*body)(Fixture *);
        const char *plan;
    } cases[] = {
        {by_name, "SEARCH log USING INDEX log_by_name (account=? AND name=?)\n"},
        {by_time, "SEARCH log USING INDEX log_by_time (at>? AND at<?)\n"},
        {by_nothing, "SEARCH log USING INTEGER PRIMARY KEY (rowid>?)\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plan = fixture_plan(fixture, cases[i].body);

        g_assert_true(g_str_has_prefix(plan, cases[i].plan));
        g_assert_true(cases[i].body == by_name || g_str_has_suffix(plan, cases[i].plan));
    }
}

#define CASE(title, body) ADD("/ledger-log/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("rows come as they were written", rows_come_as_they_were_written);
    CASE("rows of a name", rows_of_a_name);
    CASE("rows of an account", rows_of_an_account);
    CASE("rows of a time", rows_of_a_time);
    CASE("reading ends when the reader has enough", reading_ends_when_the_reader_has_enough);
    CASE("many rows are read piece by piece", many_rows_are_read_piece_by_piece);
    CASE("no row is rewritten", no_row_is_rewritten);
    ADD_OF_FILE("/ledger-log/rows stream", NULL, rows_stream);
    return g_test_run();
}
