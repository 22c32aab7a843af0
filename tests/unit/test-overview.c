/* What a report adds up, against rows whose sums are known. */
#include "common/base/text.h"
#include "fetch-fixture.h"
#include "fetch/queries/listing.h"
#include "fetch/report/overview.h"

/* Sunday, 2026-11-29 12:00 in New York. */
enum { HOUR = 3600, DAY = 86400 };
#define NOW G_GINT64_CONSTANT(1795971600)

typedef struct {
    SmConfig config;
    SmOverview *all;
    const SmOverviewAccount *main;
} Look;

static void
look(Look *it, Fixture *fixture, const char *account, gint64 since)
{
    g_autoptr(GError) error = NULL;

    it->config = (SmConfig){.defer_for = 7200, .worker_interval = 300, .spool = fixture->folder};
    it->config.accounts = g_ptr_array_new();
    fixture->account.enabled = TRUE;
    g_ptr_array_add(it->config.accounts, &fixture->account);
    it->all = sm_overview_new(&it->config, fixture->ledger, account, since, NOW, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(it->all->accounts->len, ==, 1);
    it->main = it->all->accounts->pdata[0];
}

static void
look_clear(Look *it)
{
    sm_overview_free(it->all);
    g_ptr_array_unref(it->config.accounts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_clear)

/* A row of the log. */
static void
log_row(Fixture *fixture, gint64 at, const char *account, const char *action, const char *command)
{
    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "INSERT INTO log (at, account, name, action, detail, uid, command)"
                            " VALUES (?, ?, ?, ?, '', 0, ?)",
                            "issss", at, account, CSV, action, command));
}

static void
file_row(Fixture *fixture, const char *name, gint64 stored, const char *delivered)
{
    sm_file_free(fixture_row_in(fixture, name, SM_FILE_STORED));
    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "UPDATE files SET stored = ?, listed = 1, listed_delivered = ?,"
                            " size = 5, sha256 = 'abc' WHERE name = ?",
                            "iss", stored, delivered, name));
}

static void
an_empty_ledger_is_all_zero(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    if (data != NULL)
        g_clear_pointer(&fixture->ledger, sm_ledger_close);
    look(&it, fixture, NULL, 0);
    g_assert_cmpint(it.all->season, ==, 0);
    g_assert_cmpint(it.all->delay.files, ==, 0);
    g_assert_cmpuint(it.all->newest->len, ==, 0);
    g_assert_cmpuint(it.main->open->len, ==, 0);
    g_assert_cmpint(it.all->weeks[51].from, ==, NOW - 6 * DAY - 12 * HOUR);
    g_assert_cmpint(it.all->weeks[51].files, ==, 0);
}

static void
weeks_stand_beside_those_of_the_year_before(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    log_row(fixture, NOW, "main", "stored", "deliver");
    log_row(fixture, NOW - 6 * DAY - 12 * HOUR, "main", "corrected", "run");   /* Monday */
    log_row(fixture, NOW - 6 * DAY - 12 * HOUR - 1, "main", "stored", "sync"); /* Sunday */
    log_row(fixture, NOW - 52 * 7 * DAY, "main", "stored", "deliver");
    log_row(fixture, NOW, "main", "adopted", "adopt");
    log_row(fixture, NOW, "main", "announced", "deliver");
    look(&it, fixture, NULL, 0);
    g_assert_cmpint(it.all->weeks[51].files, ==, 2);
    g_assert_cmpint(it.all->weeks[50].files, ==, 1);
    g_assert_cmpint(it.all->weeks[51].files_before, ==, 1);
    g_assert_cmpint(it.all->weeks[50].files_before, ==, 0);
}

static void
the_season_stops_at_this_time_of_the_year_before(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    log_row(fixture, NOW - 365 * DAY, "main", "stored", "deliver");
    log_row(fixture, NOW - 365 * DAY + 1, "main", "stored", "deliver"); /* later than by now */
    log_row(fixture, NOW - 120 * DAY, "main", "stored", "deliver");     /* 1 August */
    log_row(fixture, NOW - 121 * DAY, "main", "stored", "deliver");     /* 31 July */
    log_row(fixture, NOW, "gone", "stored", "deliver");
    look(&it, fixture, NULL, 0);
    g_assert_cmpint(it.all->season, ==, 2);
    g_assert_cmpint(it.all->season_before, ==, 1);
    g_assert_cmpint(it.main->season, ==, 1);
    g_assert_cmpint(it.all->strays, ==, 1);
}

static void
a_person_may_say_since_when(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    log_row(fixture, NOW - 10 * DAY, "main", "stored", "deliver");
    log_row(fixture, NOW - 9 * DAY, "main", "stored", "deliver");
    log_row(fixture, NOW - 9 * DAY, "other", "stored", "deliver");
    log_row(fixture, NOW - 374 * DAY, "main", "stored", "deliver");
    log_row(fixture, NOW - 375 * DAY, "main", "stored", "deliver");
    look(&it, fixture, "main", NOW - 9 * DAY);
    g_assert_cmpint(it.all->season, ==, 1);
    g_assert_cmpint(it.all->season_before, ==, 1);
}

static void
how_each_file_came(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *command;
        SmWay way;
    } cases[] = {{"deliver", SM_WAY_MAIL}, {"sync", SM_WAY_SYNC}, {"get", SM_WAY_HAND},
                 {"retry", SM_WAY_HAND},   {"run", SM_WAY_SYNC},  {"run", SM_WAY_MAIL}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Look) it = {0};

        fixture_sql(fixture, "DELETE FROM log");
        if (i + 1 == G_N_ELEMENTS(cases))
            fixture_announce(fixture, CSV, "<1@scores.example>");
        log_row(fixture, NOW, "main", "stored", cases[i].command);
        look(&it, fixture, NULL, 0);
        for (int way = 0; way < SM_WAY_N; way++)
            g_assert_cmpint(it.all->months[11].ways[way], ==, way == (int)cases[i].way);
    }
}

static void
delays_are_from_the_delivery_date(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};
    g_autofree char *early = sm_text_time_utc(NOW - 2 * HOUR);
    g_autofree char *late = sm_text_time_utc(NOW - 300);

    fixture_sql(fixture, "INSERT INTO days VALUES ('main', 20500, 'announced', 1)");
    file_row(fixture, "1.csv", NOW - HOUR, early);
    file_row(fixture, "2.csv", NOW, late);
    file_row(fixture, "3.csv", NOW, early);
    file_row(fixture, "4.csv", NOW - HOUR, late);                /* posted again since */
    file_row(fixture, "5.csv", NOW, "2026-01-01T00:00:00-0500"); /* before the first day */
    file_row(fixture, "6.csv", NOW, "soon");
    look(&it, fixture, NULL, 0);
    g_assert_cmpint(it.all->delay.files, ==, 3);
    g_assert_cmpint(it.all->delay.median, ==, HOUR);
    g_assert_cmpint(it.all->delay.slowest, ==, 2 * HOUR);
    g_assert_cmpstr(it.all->delay.slowest_name, ==, "3.csv");
    g_assert_cmpint(it.all->months[11].delay.median, ==, HOUR);
    g_assert_cmpint(it.all->months[10].delay.files, ==, 0);
    g_assert_cmpint(it.all->backlog, ==, 1);
}

static void
corrections_have_both_versions(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};
    const SmHistoryCorrection *found;

    fixture_sql(fixture,
                "INSERT INTO log (at, account, name, action, detail, uid, command) VALUES"
                " (1795000000, 'main', 'a.csv', 'stored', '10 bytes, SHA-256 0a', 0, 'run'),"
                " (1795000001, 'main', 'b.csv', 'stored', '11 bytes, SHA-256 0b', 0, 'run'),"
                " (1795000002, 'main', 'a.csv', 'corrected', '20 bytes, SHA-256 1a, encrypted: 9"
                " bytes, SHA-256 77', 0, 'run'), (1795000003, 'main', 'c.csv', 'corrected',"
                " '5 bytes, SHA-256 1c', 0, 'run')");
    look(&it, fixture, NULL, 0);
    g_assert_cmpuint(it.all->corrections->len, ==, 2);
    found = it.all->corrections->pdata[1];
    g_assert_cmpstr(found->name, ==, "a.csv");
    g_assert_cmpint(found->now.size, ==, 20);
    g_assert_cmpstr(found->now.sha256, ==, "1a");
    g_assert_cmpint(found->before.at, ==, 1795000000);
    g_assert_cmpint(found->before.size, ==, 10);
    g_assert_cmpstr(found->before.sha256, ==, "0a");
    found = it.all->corrections->pdata[0];
    g_assert_cmpint(found->before.at, ==, 0);
}

static void
what_waits_or_is_not_wanted(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    for (int i = 0; i < 7; i++) {
        g_autofree char *name = g_strdup_printf("w%d.csv", i);

        sm_file_free(fixture_row_in(fixture, name, SM_FILE_WAITING));
    }
    sm_file_free(fixture_row_in(fixture, "f.csv", SM_FILE_FAILED));
    sm_file_free(fixture_row_in(fixture, "n.pdf", SM_FILE_NOT_WANTED));
    sm_file_free(fixture_row_in(fixture, "k.csv", SM_FILE_NOT_WANTED));
    fixture_sql(fixture, "UPDATE files SET listed = 5 WHERE name IN ('n.pdf', 'k.csv');");
    fixture_sql(fixture,
                "UPDATE files SET reason = '" SM_LISTING_KNOWN_REASON "' WHERE name = 'k.csv'");
    look(&it, fixture, NULL, 0);
    g_assert_cmpuint(it.main->open->len, ==, SM_OVERVIEW_OPEN);
    g_assert_cmpstr(((SmHistoryFile *)it.main->open->pdata[0])->name, ==, "f.csv");
    g_assert_cmpint(sm_survey_sum(it.all->survey, FALSE).files[SM_FILE_WAITING], ==, 7);
    g_assert_cmpint(it.all->unwanted_count, ==, 1);
    g_assert_cmpstr(((SmHistoryFile *)it.all->unwanted->pdata[0])->name, ==, "n.pdf");
}

static void
the_newest_say_how_they_came(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};
    const SmHistoryFile *file;

    file_row(fixture, CSV, NOW, NULL);
    file_row(fixture, "old.csv", NOW - 5, NULL);
    log_row(fixture, NOW - 9, "main", "stored", "sync");
    log_row(fixture, NOW, "main", "corrected", "get");
    look(&it, fixture, NULL, 0);
    g_assert_cmpuint(it.all->newest->len, ==, 2);
    file = it.all->newest->pdata[0];
    g_assert_cmpstr(file->name, ==, CSV);
    g_assert_cmpint(file->size, ==, 5);
    g_assert_cmpstr(file->sha256, ==, "abc");
    g_assert_cmpint(file->records, ==, -1);
    g_assert_cmpint(file->way, ==, SM_WAY_HAND);
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "EST5EDT,M3.2.0/2,M11.1.0/2", TRUE);
    g_test_init(&argc, &argv, NULL);
    ADD("/overview/empty", NULL, an_empty_ledger_is_all_zero);
    ADD("/overview/no-ledger", "none", an_empty_ledger_is_all_zero);
    ADD("/overview/weeks", NULL, weeks_stand_beside_those_of_the_year_before);
    ADD("/overview/season", NULL, the_season_stops_at_this_time_of_the_year_before);
    ADD("/overview/since", NULL, a_person_may_say_since_when);
    ADD("/overview/ways", NULL, how_each_file_came);
    ADD("/overview/delays", NULL, delays_are_from_the_delivery_date);
    ADD("/overview/corrections", NULL, corrections_have_both_versions);
    ADD("/overview/open", NULL, what_waits_or_is_not_wanted);
    ADD("/overview/newest", NULL, the_newest_say_how_they_came);
    return g_test_run();
}
