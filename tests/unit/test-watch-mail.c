/* Files that come without the mail that should announce them. */
#include "fetch-fixture.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/watch.h"

enum { HOUR = 3600, MAIL = 1000000, NOW = MAIL + 100 * HOUR };

static const struct {
    const char *title;
    gboolean by_sync[SM_WATCH_MAIL_FILES];
    gint64 posted[SM_WATCH_MAIL_FILES]; /* hours after the last message */
    gsize count;
    gint64 mail_at;
    gboolean missed;
} cases[] = {
    {"three by sync", {1, 1, 1}, {3, 2, 1}, 3, MAIL, TRUE},
    {"two by sync are too few", {1, 1}, {2, 1}, 2, MAIL, FALSE},
    {"one of them by mail", {1, 0, 1}, {3, 2, 1}, 3, MAIL, FALSE},
    {"the newest by mail", {0, 1, 1}, {3, 2, 1}, 3, MAIL, FALSE},
    {"no mail ever came", {1, 1, 1}, {3, 2, 1}, 3, 0, FALSE},
    {"a first sync, of files from before", {1, 1, 1}, {-1, -2, -3}, 3, MAIL, FALSE},
    {"one of them is from before", {1, 1, 1}, {3, 2, 0}, 3, MAIL, FALSE},
    {"nothing is stored", {0}, {0}, 0, MAIL, FALSE},
};

static void
decides(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    SmArrival files[SM_WATCH_MAIL_FILES];

    for (gsize n = 0; n < SM_WATCH_MAIL_FILES; n++)
        files[n] = (SmArrival){cases[i].by_sync[n], MAIL + cases[i].posted[n] * HOUR};
    g_assert_true(sm_watch_mail_is_missed(files, cases[i].count, cases[i].mail_at) ==
                  cases[i].missed);
}

/* Three files that a sync stored an hour apart, five hours ago and before; mail came at MAIL. */
static void
store_three(Fixture *fixture)
{
    fixture_sql(fixture, "INSERT INTO accounts (name, mail_seen) VALUES ('main', 1000000)");
    for (int i = 0; i < SM_WATCH_MAIL_FILES; i++) {
        g_autofree char *name = g_strdup_printf("%d.csv", i);

        sm_file_free(fixture_stored_row(fixture, name, "the scores"));
    }
    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "UPDATE files SET origin = 'sync', listed = 1, stored = ? - 3600 * id",
                            "i", (gint64)NOW - 5 * HOUR));
}

static gint64
alerts(Fixture *fixture)
{
    return fixture_number(fixture, "SELECT count(*) FROM alerts WHERE kind = 'mail' AND last > 0");
}

static void
watch(Fixture *fixture, gboolean raised)
{
    if (raised)
        g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "account main: the last 3 files*");
    sm_watch_mail(fixture->ledger, "main", NOW);
    g_test_assert_expected_messages();
    g_assert_cmpint(alerts(fixture), ==, raised);
}

static void
three_files_by_sync_are_told(Fixture *fixture, gconstpointer data)
{
    store_three(fixture);
    watch(fixture, TRUE);
}

static void
a_listing_is_no_mail(Fixture *fixture, gconstpointer data)
{
    store_three(fixture);
    fixture_sql(fixture, "INSERT INTO events (account, name, identity, kind, sender, recipients,"
                         " first_seen, last_seen) VALUES ('main', '2.csv', 'x', 'listing', '', '',"
                         " 1, 1)");
    watch(fixture, TRUE);
}

static void
mail_ends_it(Fixture *fixture, gconstpointer data)
{
    store_three(fixture);
    watch(fixture, TRUE);
    fixture_announce(fixture, "2.csv", "late@x");
    watch(fixture, FALSE);
}

/* The message of a file may still be on its way, held up by greylisting. */
static void
files_of_the_last_hours_do_not_count(Fixture *fixture, gconstpointer data)
{
    store_three(fixture);
    fixture_sql(fixture, "UPDATE files SET stored = stored + 5 * 3600");
    watch(fixture, FALSE);
}

static void
what_a_person_fetched_was_not_missed(Fixture *fixture, gconstpointer data)
{
    store_three(fixture);
    fixture_sql(fixture, "UPDATE files SET origin = 'get' WHERE name = '2.csv'");
    watch(fixture, FALSE);
}

static void
the_service_s_word_for_when_it_was_posted_counts(Fixture *fixture, gconstpointer data)
{
    store_three(fixture);
    fixture_sql(fixture, "UPDATE files SET listed_delivered = '1970-01-10T00:00:00Z'");
    watch(fixture, FALSE); /* before the message of 1970-01-12 */
    fixture_sql(fixture, "UPDATE files SET listed_delivered = '1970-01-14T00:00:00Z'");
    watch(fixture, TRUE);
}

#define CASE(title, body) ADD("/watch-mail/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/watch-mail/decides: ", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), decides);
    }
    CASE("three files by sync are told", three_files_by_sync_are_told);
    CASE("a listing is no mail", a_listing_is_no_mail);
    CASE("mail ends it", mail_ends_it);
    CASE("files of the last hours do not count", files_of_the_last_hours_do_not_count);
    CASE("what a person fetched was not missed", what_a_person_fetched_was_not_missed);
    CASE("the service's word for when it was posted counts",
         the_service_s_word_for_when_it_was_posted_counts);
    return g_test_run();
}
