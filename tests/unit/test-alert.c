/* Alerts: one row for each kind and account, whatever happens to the ledger. */
#include "fetch-fixture.h"
#include "fetch/alert.h"

static void
an_alert_that_comes_again_is_counted(Fixture *fixture, gconstpointer data)
{
    g_autoptr(sqlite3_stmt) row = NULL;
    g_autofree char *text = NULL;

    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "the directory is full");
    sm_alert(fixture->ledger, "main", SM_ALERT_DISK, "the directory\nis gone");
    sm_alert(fixture->ledger, "other", SM_ALERT_DISK, "full there too");
    sm_alert(fixture->ledger, "main", SM_ALERT_HOOK, "on-stored failed");
    row =
        sm_db_query(fixture->ledger->db, NULL,
                    "SELECT text, times FROM alerts WHERE account = 'main' AND kind = 'disk'", "");
    g_assert_true(sm_db_next(fixture->ledger->db, row, NULL));
    text = sm_db_text(row, 0);
    g_assert_cmpstr(text, ==, "the directory is gone");
    g_assert_cmpint(sqlite3_column_int(row, 1), ==, 2);
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
    g_test_add_func("/alert/without a ledger the log has it", without_a_ledger_the_log_has_it);
    g_test_add_func("/alert/every kind has a name", every_kind_has_a_name);
    return g_test_run();
}
