/* What a listing means to the ledger: new, changed, had already; and the rows that were counted. */
#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/queries/listing.h"

#define DATE "2017-03-28T22:13:23-0000"

static SmListed
listed(const char *name, gint64 size, const char *delivered)
{
    return (SmListed){.name = (char *)name,
                      .delivered = (char *)delivered,
                      .size = size,
                      .records = SM_LISTED_UNKNOWN};
}

/* Looks it up and records it: whether it has changed. */
static gboolean
note(Fixture *fixture, const SmListed *file)
{
    g_auto(SmListedRow) row = {0};

    g_assert_true(sm_listing_look(fixture->ledger, "main", file, &row, NULL));
    g_assert_true(sm_db_begin(fixture->ledger->db, "main", NULL));
    g_assert_true(sm_listing_note(fixture->ledger, "main", file, &row, NULL));
    g_assert_true(sm_db_end(fixture->ledger->db, TRUE, NULL));
    return row.changed;
}

static gint64
events(Fixture *fixture)
{
    return fixture_number(fixture, "SELECT count(*) FROM events WHERE kind = 'listing'");
}

static void
test_new(Fixture *fixture, gconstpointer data)
{
    SmListed file = listed(CSV, 100, DATE);
    g_autoptr(SmFile) row = NULL;

    g_assert_false(note(fixture, &file));
    row = fixture_row(fixture, CSV);
    g_assert_cmpint(row->state, ==, SM_FILE_WAITING);
    g_assert_cmpint(row->listed.size, ==, 100);
    g_assert_cmpstr(row->listed.delivered, ==, DATE);
    g_assert_cmpint(row->listed.records, ==, SM_LISTED_UNKNOWN);
    g_assert_cmpint(events(fixture), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE action = 'listed'"), ==,
                    1);
    g_assert_false(note(fixture, &file));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log"), ==, 1);
}

static void
test_changed(Fixture *fixture, gconstpointer data)
{
    SmListed same = listed(CSV, 10, DATE), other = listed(CSV, 10, "2017-04-01T00:00:00-0000");
    SmListed larger = listed(CSV, 11, "2017-04-01T00:00:00-0000");
    SmListed silent = listed(CSV, SM_LISTED_UNKNOWN, NULL);
    g_autoptr(SmFile) row = NULL;

    sm_file_free(fixture_stored_row(fixture, CSV, "0123456789"));
    g_assert_false(note(fixture, &same)); /* as it came by mail */
    g_assert_true(note(fixture, &other));
    g_assert_false(note(fixture, &other)); /* said once */
    g_assert_true(note(fixture, &larger));
    g_assert_false(note(fixture, &silent)); /* what is not said is no change */
    g_assert_true(note(fixture, &same));    /* and what was said is remembered */
    g_assert_cmpint(events(fixture), ==, 3);
    row = fixture_row(fixture, CSV);
    g_assert_cmpint(row->newest_event, >, row->stored.covers);
    g_assert_cmpint(row->state, ==, SM_FILE_STORED);
}

static void
test_changed_since_mail(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) stored = fixture_stored_row(fixture, CSV, "0123456789");
    SmListed later = listed(CSV, 10, DATE), other = listed(CSV, 9, NULL);
    g_auto(SmListedRow) row = {0};
    g_auto(SmListedRow) smaller = {0};

    later.delivered_at = stored->stored_at + 1;
    g_assert_true(sm_listing_look(fixture->ledger, "main", &later, &row, NULL));
    g_assert_true(row.changed);
    g_assert_true(sm_listing_look(fixture->ledger, "main", &other, &smaller, NULL));
    g_assert_true(smaller.changed);
}

static void
test_known(Fixture *fixture, gconstpointer data)
{
    SmListed file = listed(CSV, 100, DATE), again = listed(CSV, 101, DATE);
    g_autoptr(SmFile) row = NULL;
    g_autoptr(SmFile) after = NULL;
    g_autoptr(SmFile) announced = NULL;

    g_assert_true(sm_listing_mark_known(fixture->ledger, "main", &file, NULL));
    row = fixture_row(fixture, CSV);
    g_assert_cmpint(row->state, ==, SM_FILE_NOT_WANTED);
    g_assert_true(sm_listing_is_known(row));
    g_assert_false(note(fixture, &file));
    g_assert_true(note(fixture, &again));
    after = fixture_row(fixture, CSV);
    g_assert_false(sm_listing_is_known(after));

    file.name = (char *)TXT;
    g_assert_true(sm_listing_mark_known(fixture->ledger, "main", &file, NULL));
    fixture_announce(fixture, TXT, "a message");
    announced = fixture_row(fixture, TXT);
    g_assert_false(sm_listing_is_known(announced));
}

/* Forgotten, with its message still in the table of events: marked is marked. */
static void
test_known_after_forgotten(Fixture *fixture, gconstpointer data)
{
    SmListed file = listed(CSV, 100, DATE);
    g_autoptr(SmFile) row = NULL;

    fixture_announce(fixture, CSV, "a message");
    fixture_sql(fixture, "DELETE FROM files");
    g_assert_true(sm_listing_mark_known(fixture->ledger, "main", &file, NULL));
    row = fixture_row(fixture, CSV);
    g_assert_true(sm_listing_is_known(row));
}

static void
test_missing(Fixture *fixture, gconstpointer data)
{
    SmListed file = listed(CSV, 100, DATE);
    g_autoptr(SmFile) row = NULL;

    sm_file_free(fixture_row_in(fixture, CSV, SM_FILE_FAILED));
    fixture_sql(fixture, "UPDATE files SET missing_times = 5, missing_since = 7, next_attempt = 9");
    g_assert_false(note(fixture, &file));
    row = fixture_row(fixture, CSV);
    g_assert_cmpint(row->state, ==, SM_FILE_WAITING);
    g_assert_cmpint(row->missing_times, ==, 0);
    g_assert_cmpint(row->next_attempt, ==, 0);
}

static void
test_records(Fixture *fixture, gconstpointer data)
{
    SmFile csv = {.name = (char *)CSV, .stored.records = -1, .listed.records = 100};
    SmFile txt = {.name = (char *)TXT, .stored.records = -1, .listed.records = 100};

    g_assert_false(sm_listing_records_differ(&csv)); /* not counted */
    csv.stored.records = sm_listing_records(CSV, 101);
    g_assert_false(sm_listing_records_differ(&csv));
    csv.stored.records = sm_listing_records(CSV, 100); /* without headings */
    g_assert_false(sm_listing_records_differ(&csv));
    csv.stored.records = sm_listing_records(CSV, 102);
    g_assert_true(sm_listing_records_differ(&csv));
    csv.listed.records = -1;
    g_assert_false(sm_listing_records_differ(&csv));
    txt.stored.records = sm_listing_records(TXT, 100);
    g_assert_false(sm_listing_records_differ(&txt));
    txt.stored.records = sm_listing_records(TXT, 99);
    g_assert_true(sm_listing_records_differ(&txt));
    g_assert_cmpint(sm_listing_records(CSV, 0), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/ledger-listing/a new file is recorded once", NULL, test_new);
    ADD("/ledger-listing/another size or date is as good as a message", NULL, test_changed);
    ADD("/ledger-listing/what mail brought is compared with itself", NULL, test_changed_since_mail);
    ADD("/ledger-listing/taken as had until something asks for it", NULL, test_known);
    ADD("/ledger-listing/older messages do not ask for it", NULL, test_known_after_forgotten);
    ADD("/ledger-listing/a listed name is not missing", NULL, test_missing);
    ADD("/ledger-listing/rows and records", NULL, test_records);
    return g_test_run();
}
