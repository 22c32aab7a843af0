/* What does not happen: the wanted format, or anything at all. */
#include "fetch-fixture.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/watch.h"

enum { DAY = 86400 };

static gint64
alerts(Fixture *fixture, const char *kind)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT count(*) FROM alerts WHERE kind = '%s' AND last > 0", kind);

    return fixture_number(fixture, sql);
}

static const struct {
    const char *title;
    SmFormat format;
    const char *names; /* announced, in order; one blank between */
    gboolean raised;
} sequences[] = {
    {"two drops are nothing yet", SM_FORMAT_CSV, "1.txt 2.txt", FALSE},
    {"three drops are", SM_FORMAT_CSV, "1.txt 2.TXT 3.txt", TRUE},
    {"three of the other format are", SM_FORMAT_TXT, "1.csv 2.csv 3.csv", TRUE},
    {"more are too", SM_FORMAT_CSV, "1.txt 2.txt 3.txt 4.txt", TRUE},
    {"the wanted one in between", SM_FORMAT_CSV, "1.txt 2.txt 1.csv 3.txt 4.txt", FALSE},
    {"the wanted one before them", SM_FORMAT_CSV, "1.csv 1.txt 2.txt 3.txt", TRUE},
    {"the wanted one behind them", SM_FORMAT_CSV, "1.txt 2.txt 3.txt 1.csv", FALSE},
    {"pairs", SM_FORMAT_CSV, "1.txt 1.csv 2.txt 2.csv 3.txt 3.csv 4.txt", FALSE},
    {"one name that is announced again", SM_FORMAT_CSV, "1.txt 1.txt 1.txt 1.txt", FALSE},
    {"another extension counts for neither", SM_FORMAT_CSV, "1.txt 1.zip 2.txt 3.txt", TRUE},
    {"both formats are wanted", SM_FORMAT_BOTH, "1.txt 2.txt 3.txt", FALSE},
    {"either format is wanted", SM_FORMAT_FIRST, "1.txt 2.txt 3.txt", FALSE},
};

static void
watches_the_format(Fixture *fixture, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(GStrv) names = g_strsplit(sequences[i].names, " ", -1);
    guint message = 0;

    fixture->account.format = sequences[i].format;
    for (char **name = names; *name != NULL; name++) {
        g_autofree char *id = g_strdup_printf("%u@x", message++);

        fixture_announce(fixture, *name, id);
        sm_watch_format(fixture->ledger, &fixture->account);
    }
    g_assert_cmpint(alerts(fixture, "format"), ==, sequences[i].raised);
}

static void
silence_is_measured_from_the_first_look_on(Fixture *fixture, gconstpointer data)
{
    gint64 now = sm_ledger_now();

    fixture->account.expect_every = 7 * DAY;
    sm_watch_silence(fixture->ledger, &fixture->account, now);
    sm_watch_silence(fixture->ledger, &fixture->account, now + 6 * DAY);
    g_assert_cmpint(alerts(fixture, "silence"), ==, 0);
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "account main: nothing*8 days");
    sm_watch_silence(fixture->ledger, &fixture->account, now + 8 * DAY + 60);
    g_test_assert_expected_messages();
    g_assert_cmpint(alerts(fixture, "silence"), ==, 1);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE action = 'watched'"),
                    ==, 1);
}

static void
silence_ends_with_what_is_announced(Fixture *fixture, gconstpointer data)
{
    gint64 now = sm_ledger_now();

    fixture->account.expect_every = DAY;
    fixture_announce(fixture, CSV, "1@x");
    sm_watch_silence(fixture->ledger, &fixture->account, now + DAY - 10);
    g_assert_cmpint(alerts(fixture, "silence"), ==, 0);
    fixture_sql(fixture, "UPDATE accounts SET mail_seen = mail_seen - 200000");
    fixture_sql(fixture, "UPDATE files SET announced = announced - 200000");
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*nothing*2 days");
    sm_watch_silence(fixture->ledger, &fixture->account, now + 2 * DAY + 10);
    g_test_assert_expected_messages();
    g_assert_cmpint(alerts(fixture, "silence"), ==, 1);
    fixture_announce(fixture, TXT, "2@x");
    sm_watch_silence(fixture->ledger, &fixture->account, now);
    g_assert_cmpint(alerts(fixture, "silence"), ==, 0);
}

/* The worker looks every few minutes. */
static void
silence_is_told_once_a_day(Fixture *fixture, gconstpointer data)
{
    gint64 now = sm_ledger_now();

    fixture->account.expect_every = DAY;
    sm_watch_silence(fixture->ledger, &fixture->account, now);
    fixture_unlock_log(fixture);
    fixture_sql(fixture, "UPDATE log SET at = at - 5 * 86400 - 60");
    for (int told = 1; told <= 2; told++) {
        g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*nothing*5 days");
        sm_watch_silence(fixture->ledger, &fixture->account, now);
        sm_watch_silence(fixture->ledger, &fixture->account, now + 300);
        g_test_assert_expected_messages();
        g_assert_cmpint(fixture_number(fixture, "SELECT times FROM alerts"), ==, told);
        fixture_sql(fixture, "UPDATE alerts SET last = last - 86400");
    }
}

static void
watch_once(Fixture *fixture)
{
    sm_watch_silence(fixture->ledger, &fixture->account, sm_ledger_now());
}

/* The worker looks every few minutes, also where there are a million files. */
static void
silence_is_told_without_looking_through_all_files(Fixture *fixture, gconstpointer data)
{
    g_autofree char *plan = NULL;

    fixture->account.expect_every = DAY;
    fixture_announce(fixture, CSV, "1@x");
    plan = fixture_plan(fixture, watch_once);
    g_assert_nonnull(strstr(plan, "SEARCH files USING INDEX files_of_account"
                                  " (account=? AND updated>?)"));
    g_assert_nonnull(strstr(plan, "files_by_stored (account=? AND stored>?)"));
    g_assert_null(strstr(plan, "SCAN files"));
}

static void
nothing_is_expected_unless_that_is_said(Fixture *fixture, gconstpointer data)
{
    sm_watch_silence(fixture->ledger, &fixture->account, sm_ledger_now() + 1000 * DAY);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM alerts"), ==, 0);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log"), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(sequences); i++) {
        g_autofree char *path = g_strconcat("/watch/format: ", sequences[i].title, NULL);

        ADD(path, GSIZE_TO_POINTER(i), watches_the_format);
    }
    ADD("/watch/silence is measured from the first look on", NULL,
        silence_is_measured_from_the_first_look_on);
    ADD("/watch/silence ends with what is announced", NULL, silence_ends_with_what_is_announced);
    ADD("/watch/silence is told once a day", NULL, silence_is_told_once_a_day);
    ADD_OF_FILE("/watch/silence is told without looking through all files", NULL,
                silence_is_told_without_looking_through_all_files);
    ADD("/watch/nothing is expected unless that is said", NULL,
        nothing_is_expected_unless_that_is_said);
    return g_test_run();
}
