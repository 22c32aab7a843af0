/* The survey: what it reads, and that it costs the same however many rows there are. */
#include "fetch-fixture.h"
#include "fetch/status/survey.h"

enum { DAY = 86400, TODAY = 20000, NOW = TODAY * DAY + 5 };

typedef struct {
    SmConfig config;
    SmSurvey *survey;
    const SmAccountSurvey *main;
} Look;

static void
look(Look *it, Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    it->config = (SmConfig){.defer_for = 7200, .worker_interval = 300, .spool = fixture->folder};
    it->config.accounts = g_ptr_array_new();
    g_ptr_array_add(it->config.accounts, &fixture->account);
    it->survey = sm_survey_new(&it->config, fixture->ledger, NULL, NOW, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(it->survey->accounts->len, ==, 1);
    it->main = it->survey->accounts->pdata[0];
}

static void
look_clear(Look *it)
{
    sm_survey_free(it->survey);
    g_ptr_array_unref(it->config.accounts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_clear)

static void
an_empty_ledger(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    look(&it, fixture);
    g_assert_cmpint(it.main->totals.mail_at, ==, 0);
    g_assert_cmpint(it.main->totals.stored_at, ==, 0);
    g_assert_cmpint(it.main->totals.files[SM_FILE_STORED], ==, 0);
    g_assert_cmpstr(it.main->totals.sync_outcome, ==, "");
    g_assert_cmpuint(it.survey->alerts->len, ==, 0);
    g_assert_cmpint(it.survey->worker.beat_at, ==, 0);
    g_assert_cmpint(it.survey->worker.spooled, ==, 0);
}

static void
no_ledger(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    g_clear_pointer(&fixture->ledger, sm_ledger_close);
    look(&it, fixture);
    g_assert_cmpint(it.main->totals.files[SM_FILE_WAITING], ==, 0);
}

static void
files_by_state(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    sm_file_free(fixture_row_in(fixture, "1.csv", SM_FILE_STORED));
    sm_file_free(fixture_row_in(fixture, "2.csv", SM_FILE_STORED));
    sm_file_free(fixture_row_in(fixture, "1.txt", SM_FILE_DROPPED));
    sm_file_free(fixture_row_in(fixture, "3.csv", SM_FILE_FAILED));
    sm_file_free(fixture_row_in(fixture, "4.csv", SM_FILE_CONFLICT));
    fixture_sql(fixture, "UPDATE files SET stored = 77 WHERE name = '1.csv'");
    look(&it, fixture);
    g_assert_cmpint(it.main->totals.files[SM_FILE_STORED], ==, 2);
    g_assert_cmpint(it.main->totals.files[SM_FILE_DROPPED], ==, 1);
    g_assert_cmpint(it.main->totals.files[SM_FILE_WAITING], ==, 0);
    g_assert_cmpint(it.main->totals.stored_at, ==, 77);
    g_assert_cmpuint(it.main->troubles->len, ==, 2);
    g_assert_cmpstr(((SmFile *)it.main->troubles->pdata[0])->name, ==, "4.csv");
}

static void
days_are_summed_up(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    fixture_sql(fixture, "INSERT INTO days VALUES ('main', 20000, 'stored', 1),"
                         " ('main', 20000, 'corrected', 10), ('main', 19994, 'stored', 100),"
                         " ('main', 19993, 'stored', 1000), ('main', 3, 'stored', 10000),"
                         " ('main', 20000, 'catted', 5), ('main', 4, 'announced', 7),"
                         " ('other', 20000, 'stored', 3)");
    look(&it, fixture);
    g_assert_cmpint(it.main->totals.stored_today, ==, 11);
    g_assert_cmpint(it.main->totals.stored_week, ==, 111);
    g_assert_cmpint(it.main->totals.stored_ever, ==, 11111);
    g_assert_cmpint(it.main->totals.announced_ever, ==, 7);
}

static void
overdue_is_what_has_waited_for_longer_than_defer_for(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};

    sm_file_free(fixture_row_in(fixture, "1.csv", SM_FILE_WAITING));
    sm_file_free(fixture_row_in(fixture, "2.csv", SM_FILE_WAITING));
    sm_file_free(fixture_row_in(fixture, "3.csv", SM_FILE_STORED));
    sm_file_free(fixture_row_in(fixture, "4.csv", SM_FILE_PLACING));
    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "UPDATE files SET announced = ? - iif(name <> '1.csv', 1, 0)", "i",
                            (gint64)NOW - 7200));
    look(&it, fixture);
    g_assert_cmpint(it.main->totals.overdue, ==, 2);
}

static void
alerts_that_are_over_or_unknown_are_left_out(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};
    const SmAlertRow *alert;

    fixture_sql(fixture, "INSERT INTO alerts (account, kind, text, first, last, times) VALUES"
                         " ('main', 'disk', 'full', 5, 6, 2), ('main', 'form', 'over', 5, 0, 1),"
                         " ('', 'of later', 'x', 5, 6, 1)");
    look(&it, fixture);
    g_assert_cmpuint(it.survey->alerts->len, ==, 1);
    alert = it.survey->alerts->pdata[0];
    g_assert_cmpstr(alert->kind, ==, "disk");
    g_assert_cmpstr(alert->account, ==, "main");
    g_assert_cmpstr(alert->text, ==, "full");
    g_assert_cmpint(alert->first, ==, 5);
    g_assert_cmpint(alert->last, ==, 6);
    g_assert_cmpint(alert->times, ==, 2);
}

static void
hosts_and_which_are_silent(Fixture *fixture, gconstpointer data)
{
    g_auto(Look) it = {0};
    const SmHost *host;

    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "INSERT INTO keys (name, value) VALUES ('host mx2', ?1 || ' 300 7'),"
                            " ('host mx1', ?2 || ' 60 -1'), ('hosts', ''), ('hung x', '1')",
                            "ii", (gint64)NOW - 600, (gint64)NOW - 121));
    look(&it, fixture);
    g_assert_cmpuint(it.survey->hosts->len, ==, 2);
    host = it.survey->hosts->pdata[0];
    g_assert_cmpstr(host->name, ==, "mx1");
    g_assert_true(host->silent);
    g_assert_cmpint(host->spooled, ==, -1);
    host = it.survey->hosts->pdata[1];
    g_assert_cmpstr(host->name, ==, "mx2");
    g_assert_false(host->silent);
    g_assert_cmpint(host->beat_at, ==, NOW - 600);
    g_assert_cmpuint(host->interval, ==, 300);
    g_assert_cmpint(host->spooled, ==, 7);
}

/* The first boots anew; then another machine has its name. */
static void
a_host_s_name_that_two_machines_have(Fixture *fixture, gconstpointer data)
{
    static const char *const boots[] = {"a", "a", "b", "b", "c", "b", "b", "c"};

    for (guint i = 0; i < G_N_ELEMENTS(boots) && fixture_is_on_server(); i++) {
        g_auto(Look) it = {0};
        SmHost own = {.interval = 300, .spooled = 1};

        g_strlcpy(own.boot, boots[i], sizeof own.boot);
        g_assert_true(sm_hosts_beat(fixture->ledger, &own, NOW - 8 + i, NULL));
        look(&it, fixture);
        g_assert_cmpuint(it.survey->hosts->len, ==, 1);
        g_assert_cmpint(((SmHost *)it.survey->hosts->pdata[0])->doubled, ==, i >= 5);
    }
}

static void
survey_once(Fixture *fixture)
{
    g_auto(Look) it = {0};

    look(&it, fixture);
}

static void
list_newest(Fixture *fixture)
{
    g_autoptr(GPtrArray) all = sm_file_list(fixture->ledger, NULL, 20, NULL);
    g_autoptr(GPtrArray) mine = sm_file_list(fixture->ledger, "main", 20, NULL);

    g_assert_nonnull(all);
    g_assert_nonnull(mine);
}

/* Small tables may be read as a whole; files, events and log only by an index that finds the few
 * rows that are wanted in their order. */
static void
assert_by_index(Fixture *fixture, void (*body)(Fixture *))
{
    g_autofree char *plan = fixture_plan(fixture, body);
    g_auto(GStrv) steps = g_strsplit(plan, "\n", -1);

    for (char **step = steps; *step != NULL; step++) {
        gboolean large = strstr(*step, " files") != NULL || strstr(*step, " events") != NULL ||
                         strstr(*step, " log") != NULL;
        gboolean ordered = strstr(*step, "files_by_update") != NULL ||
                           strstr(*step, "events_refused") != NULL; /* as far as LIMIT says */

        g_test_message("%s", *step);
        g_assert_true(!large || ordered || g_str_has_prefix(*step, "SEARCH "));
    }
    g_assert_null(strstr(plan, "FOR ORDER BY"));
}

static void
nothing_large_is_read_as_a_whole(Fixture *fixture, gconstpointer data)
{
    assert_by_index(fixture, survey_once);
    assert_by_index(fixture, list_newest);
}

#define CASE(title, body) ADD("/survey/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("an empty ledger", an_empty_ledger);
    CASE("no ledger", no_ledger);
    CASE("files by state", files_by_state);
    CASE("days are summed up", days_are_summed_up);
    CASE("overdue is what has waited for longer than defer-for",
         overdue_is_what_has_waited_for_longer_than_defer_for);
    CASE("alerts that are over or unknown are left out",
         alerts_that_are_over_or_unknown_are_left_out);
    CASE("hosts and which are silent", hosts_and_which_are_silent);
    CASE("a host's name that two machines have", a_host_s_name_that_two_machines_have);
    ADD_OF_FILE("/survey/nothing large is read as a whole", NULL, nothing_large_is_read_as_a_whole);
    return g_test_run();
}
