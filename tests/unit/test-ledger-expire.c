/* What keep-events and keep-log delete, and what stays however old it is. */
#include "fetch-fixture.h"
#include "fetch/rows/expire.h"

enum { DAY = 86400, NOW = 20000 * DAY, OLD = NOW - 100 * DAY };

static const SmExpiry both = {.events = NOW - 30 * DAY, .log = NOW - 30 * DAY};

static void
age(Fixture *fixture)
{
    fixture_unlock_log(fixture);
    fixture_sql(fixture, "UPDATE log SET at = 1719360000;"
                         " UPDATE events SET first_seen = 1719360000, last_seen = 1719360000;"
                         " UPDATE events SET decision = 'stored'");
    g_assert_cmpint(OLD, ==, 1719360000);
}

static gint64
expire(Fixture *fixture, const SmExpiry *terms, gint64 now)
{
    g_autoptr(GError) error = NULL;
    gint64 deleted;

    g_assert_true(sm_expire(fixture->ledger, terms, now, &deleted, &error));
    g_assert_no_error(error);
    return deleted;
}

static gint64
count(Fixture *fixture, const char *table)
{
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);

    return fixture_number(fixture, sql);
}

/* A stored file, announced and in the log. */
static void
store(Fixture *fixture)
{
    fixture_announce(fixture, CSV, "one");
    sm_file_free(fixture_stored_row(fixture, CSV, "the scores"));
}

static void
old_records_of_a_stored_file_go(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = NULL;

    store(fixture);
    age(fixture);
    g_assert_cmpint(expire(fixture, &both, NOW), >, 0);
    g_assert_cmpint(count(fixture, "events"), ==, 0);
    g_assert_cmpint(count(fixture, "log"), ==, 1); /* that it was stored, and with which hash */
    g_assert_cmpint(fixture_number(fixture, "SELECT action = 'stored' FROM log"), ==, 1);
    file = fixture_row(fixture, CSV);
    g_assert_cmpint(file->state, ==, SM_FILE_STORED);
    g_assert_cmpint(fixture_number(fixture, "SELECT unanswered FROM files"), ==, 0);
    fixture_sql(fixture, "UPDATE files SET pruned = 5");
    g_assert_cmpint(expire(fixture, &both, NOW + DAY), ==, 1);
    g_assert_cmpint(count(fixture, "log"), ==, 0);
}

static void
what_a_file_waits_for_stays(Fixture *fixture, gconstpointer data)
{
    fixture_announce(fixture, CSV, "one");
    age(fixture);
    expire(fixture, &both, NOW);
    g_assert_cmpint(count(fixture, "events"), ==, 1);
}

static void
what_is_younger_or_kept_for_ever_stays(Fixture *fixture, gconstpointer data)
{
    static const SmExpiry for_ever = {0};
    static const SmExpiry longer = {.events = OLD, .log = OLD};

    store(fixture);
    age(fixture);
    g_assert_cmpint(expire(fixture, &for_ever, NOW), ==, 0);
    g_assert_cmpint(expire(fixture, &longer, NOW + DAY), ==, 0);
    g_assert_cmpint(count(fixture, "events"), ==, 1);
}

static void
it_is_done_once_a_day(Fixture *fixture, gconstpointer data)
{
    store(fixture);
    g_assert_cmpint(expire(fixture, &both, NOW), ==, 0);
    age(fixture);
    g_assert_cmpint(expire(fixture, &both, NOW + 3600), ==, 0);
    g_assert_cmpint(expire(fixture, &both, NOW - 3600), >, 0); /* nor held by a clock set back */
}

static void
a_flood_goes_in_steps_and_its_room_is_given_back(Fixture *fixture, gconstpointer data)
{
    gint64 before;

    fixture_sql(
        fixture,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7000)"
        " INSERT INTO events (account, name, identity, kind, sender, recipients, first_seen,"
        " last_seen, decision) SELECT '', '', hex(randomblob(400)), 'names', '', '', 5, 5,"
        " 'refused' FROM n");
    before = fixture_number(fixture, "PRAGMA page_count");
    g_assert_cmpint(expire(fixture, &both, NOW), ==, SM_EXPIRE_AT_MOST);
    g_assert_cmpint(expire(fixture, &both, NOW + DAY), ==, 7000 - SM_EXPIRE_AT_MOST);
    g_assert_true(sm_db_compact(fixture->ledger->db, NULL));
    g_assert_cmpint(fixture_number(fixture, "PRAGMA page_count") * 10, <, before);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/ledger-expire/old records of a stored file go", NULL, old_records_of_a_stored_file_go);
    ADD("/ledger-expire/what a file waits for stays", NULL, what_a_file_waits_for_stays);
    ADD("/ledger-expire/what is younger or kept for ever stays", NULL,
        what_is_younger_or_kept_for_ever_stays);
    ADD("/ledger-expire/it is done once a day", NULL, it_is_done_once_a_day);
    ADD_OF_FILE("/ledger-expire/a flood goes in steps, and its room is given back", NULL,
                a_flood_goes_in_steps_and_its_room_is_given_back);
    return g_test_run();
}
