/* Alerts: one row for each kind and account, whatever happens to the ledger. */
#include "fetch-fixture.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/text.h"
#include "fetch/notes/alerts.h"
#include "fetch/notes/hosts.h"

static void
an_alert_that_comes_again_is_counted(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = NULL;

    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "the directory is full");
    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "the directory\nis gone");
    sm_alert(fixture->ledger, "other", SM_ALERT_DISK, "full there too");
    sm_alert(fixture->ledger, "main", SM_ALERT_HOOK, "on-stored failed");
    text = fixture_texts(fixture, "SELECT text || ', ' || times FROM alerts"
                                  " WHERE account = 'main' AND kind = 'disk'");
    g_assert_cmpstr(text, ==, "the directory is gone, 2");
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM alerts"), ==, 3);
}

static void
what_is_well_again_is_forgotten(Fixture *fixture, gconstpointer data)
{
    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "full");
    sm_alert(fixture->ledger, "other", SM_ALERT_DISK, "full");
    sm_alert_clear(fixture->ledger, "main", SM_ALERT_DISK);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM alerts"), ==, 1);
}

/* What comes and goes is no reason to send it each time. */
static void
what_was_sent_lately_keeps_its_time(Fixture *fixture, gconstpointer data)
{
    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "full");
    fixture_sql(fixture, "UPDATE alerts SET sent = 5, first = 4, times = 0");
    sm_alert_clear(fixture->ledger, "main", SM_ALERT_DISK);
    g_assert_cmpint(fixture_number(fixture, "SELECT last FROM alerts"), ==, 0);
    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "full again");
    g_assert_cmpint(fixture_number(fixture, "SELECT sent FROM alerts"), ==, 5);
    g_assert_cmpint(fixture_number(fixture, "SELECT times FROM alerts"), ==, 1);
    g_assert_cmpint(fixture_number(fixture, "SELECT first = last FROM alerts"), ==, 1);
}

/* The table of errors says which kind; here: that it is raised, by its name and with its text. Of
 * hosts that share a ledger each has its own of what is its own. */
static void
a_failure_is_told_by_its_kind(Fixture *fixture, gconstpointer data)
{
    for (int code = 0; code < SM_N_ERRORS; code++) {
        g_autoptr(GError) fault = g_error_new_literal(SM_ERROR, code, "so it is");
        SmAlertKind expected = sm_error_facts(fault)->alert;
        const char *name = expected != SM_ALERT_NONE ? sm_alert_kind_name(expected) : "";
        g_autofree char *wanted =
            sm_error_is_of_host(fault) ? sm_hosts_own_key(fixture->ledger, name) : g_strdup(name);
        g_autofree char *kind = NULL;
        g_autoptr(GPtrArray) rows = NULL;

        g_test_message("code %d", code);
        sm_alert_outcome(fixture->ledger, &fixture->account, NULL, 0, fault);
        kind = fixture_texts(fixture, "SELECT kind FROM alerts WHERE text LIKE '%so it is'");
        g_assert_cmpstr(kind, ==, wanted);
        rows = sm_alerts_standing(fixture->ledger, "main", NULL);
        g_assert_cmpuint(rows->len, ==, expected != SM_ALERT_NONE ? 1 : 0);
        if (rows->len > 0) {
            g_assert_cmpstr(((SmAlertRow *)rows->pdata[0])->kind, ==, name);
            sm_alert_clear(fixture->ledger, "main", expected);
        }
        g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM alerts"), ==, 0);
    }
}

static gint64
open_after(Fixture *fixture, const char *name, gint64 started)
{
    g_autoptr(SmFile) file = sm_file_load(fixture->ledger, "main", name, NULL);

    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "full");
    sm_alert(fixture->ledger, "main", SM_ALERT_ACCOUNT, "no password");
    sm_alert_outcome(fixture->ledger, &fixture->account, file, started, NULL);
    return fixture_number(fixture, "SELECT count(*) FROM alerts");
}

/* A name that policy drops proves nothing about disk and password. */
static void
only_what_came_through_clears_what_was_in_the_way(Fixture *fixture, gconstpointer data)
{
    gint64 now = sm_ledger_now();

    sm_file_free(fixture_row_in(fixture, TXT, SM_FILE_DROPPED));
    sm_file_free(fixture_stored_row(fixture, CSV, "bytes"));
    g_assert_cmpint(open_after(fixture, "unknown.csv", now), ==, 2);
    g_assert_cmpint(open_after(fixture, TXT, now), ==, 2);
    g_assert_cmpint(open_after(fixture, CSV, now + 60), ==, 2); /* stored before */
    g_assert_cmpint(open_after(fixture, CSV, now - 60), ==, 0);
    fixture_sql(fixture, "UPDATE files SET stored = 1 WHERE stored > 0");
    fixture_sql(fixture, "UPDATE files SET looked = strftime('%s') WHERE stored > 0");
    g_assert_cmpint(open_after(fixture, CSV, now - 60), ==,
                    1); /* looked at: the disk was not needed */
}

static void
without_a_ledger_the_log_has_it(void)
{
    g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "alert spool*cannot be opened*no event*");
    sm_alert(NULL, "", SM_ALERT_SPOOL, "no event");
    g_test_assert_expected_messages();
}

static void
every_kind_has_a_name(void)
{
    for (int kind = 0; kind < SM_ALERT_N_KINDS; kind++) {
        g_assert_nonnull(sm_alert_kind_name((SmAlertKind)kind));
        for (int other = 0; other < kind; other++)
            g_assert_cmpstr(sm_alert_kind_name((SmAlertKind)kind), !=,
                            sm_alert_kind_name((SmAlertKind)other));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/alert/an alert that comes again is counted", NULL, an_alert_that_comes_again_is_counted);
    ADD("/alert/what is well again is forgotten", NULL, what_is_well_again_is_forgotten);
    ADD("/alert/what was sent lately keeps its time", NULL, what_was_sent_lately_keeps_its_time);
    ADD("/alert/a failure is told by its kind", NULL, a_failure_is_told_by_its_kind);
    ADD("/alert/only what came through clears what was in the way", NULL,
        only_what_came_through_clears_what_was_in_the_way);
    g_test_add_func("/alert/without a ledger the log has it", without_a_ledger_the_log_has_it);
    g_test_add_func("/alert/every kind has a name", every_kind_has_a_name);
    return g_test_run();
}
