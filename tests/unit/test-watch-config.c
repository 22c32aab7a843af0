/* What is wrong with a configuration that could be loaded: one directory by two paths, broken
 * files. */
#include <string.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/watch.h"

/* Account main of the fixture, and elm, whose directory is at path. */
typedef struct {
    SmConfig config;
    SmAccount elm;
} Two;

static void
make_two(Two *two, Fixture *fixture, const char *path)
{
    two->elm = (SmAccount){.name = (char *)"elm", .enabled = TRUE};
    two->elm.directory = g_build_filename(fixture->folder, path, NULL);
    two->config.file = (char *)"/etc/x.conf";
    two->config.accounts = g_ptr_array_new();
    g_ptr_array_add(two->config.accounts, &fixture->account);
    g_ptr_array_add(two->config.accounts, &two->elm);
}

static void
two_clear(Two *two)
{
    g_free(two->elm.directory);
    g_clear_error(&two->elm.fault);
    g_ptr_array_unref(two->config.accounts);
    g_clear_pointer(&two->config.broken, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Two, two_clear)

static void
link_scores(Fixture *fixture)
{
    g_autofree char *link = g_build_filename(fixture->folder, "link", NULL);

    g_assert_cmpint(symlink("scores", link), ==, 0);
}

static void
the_later_account_of_one_directory_gets_a_fault(Fixture *fixture, gconstpointer data)
{
    g_auto(Two) two = {0};

    link_scores(fixture);
    make_two(&two, fixture, "link");
    sm_watch_config_directories(&two.config);
    g_assert_no_error(fixture->account.fault);
    g_assert_error(two.elm.fault, SM_ERROR, SM_ERROR_CONFIG);
    fixture_assert_says(two.elm.fault->message, "[account elm] directory", "[account main]",
                        fixture->account.directory, NULL);
}

static void
two_directories_are_two(Fixture *fixture, gconstpointer data)
{
    g_auto(Two) two = {0};

    make_two(&two, fixture, ".");
    sm_watch_config_directories(&two.config);
    g_assert_no_error(two.elm.fault);
}

static void
what_is_not_there_is_equal_to_none(Fixture *fixture, gconstpointer data)
{
    g_auto(Two) two = {0};

    make_two(&two, fixture, "nowhere");
    g_free(fixture->account.directory);
    fixture->account.directory = g_build_filename(fixture->folder, "not here", NULL);
    sm_watch_config_directories(&two.config);
    g_assert_no_error(two.elm.fault);
}

static void
an_account_that_is_not_used_has_its_directory_for_itself(Fixture *fixture, gconstpointer data)
{
    g_auto(Two) two = {0};

    link_scores(fixture);
    make_two(&two, fixture, "link");
    fixture->account.enabled = FALSE;
    sm_watch_config_directories(&two.config);
    g_assert_no_error(two.elm.fault);
}

static gint64
alerts(Fixture *fixture, const char *account)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT count(*) FROM alerts WHERE account = '%s' AND kind = 'account' AND last > 0",
        account);

    return fixture_number(fixture, sql);
}

static void
a_fault_is_told_until_it_is_mended(Fixture *fixture, gconstpointer data)
{
    g_auto(Two) two = {0};

    link_scores(fixture);
    make_two(&two, fixture, "link");
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*[account elm] directory*");
    sm_watch_config(fixture->ledger, &two.config, sm_ledger_now());
    g_test_assert_expected_messages();
    sm_watch_config(fixture->ledger, &two.config, sm_ledger_now()); /* once a day */
    g_assert_cmpint(alerts(fixture, "elm"), ==, 1);
    g_assert_cmpint(alerts(fixture, "main"), ==, 0);
    g_clear_error(&two.elm.fault);
    fixture->account.enabled = FALSE;
    sm_watch_config(fixture->ledger, &two.config, sm_ledger_now());
    g_assert_cmpint(alerts(fixture, "elm"), ==, 0);
}

/* The same kind of alert, but not of this module's. */
static void
a_password_that_cannot_be_read_stays_told(Fixture *fixture, gconstpointer data)
{
    g_auto(Two) two = {0};

    make_two(&two, fixture, "elm");
    sm_alert(fixture->ledger, "elm", SM_ALERT_ACCOUNT, "account elm: no password");
    sm_watch_config(fixture->ledger, &two.config, sm_ledger_now());
    g_assert_cmpint(alerts(fixture, "elm"), ==, 1);
}

static void
a_broken_file_is_told_until_it_is_mended(Fixture *fixture, gconstpointer data)
{
    g_auto(Two) two = {0};

    make_two(&two, fixture, "elm");
    two.config.broken = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_ptr_array_add(two.config.broken, g_error_new(SM_ERROR, SM_ERROR_CONFIG, "b.conf: is odd"));
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "b.conf: is odd");
    sm_watch_config(fixture->ledger, &two.config, sm_ledger_now());
    g_test_assert_expected_messages();
    g_assert_cmpint(alerts(fixture, ""), ==, 1);
    g_ptr_array_set_size(two.config.broken, 0);
    sm_watch_config(fixture->ledger, &two.config, sm_ledger_now());
    g_assert_cmpint(alerts(fixture, ""), ==, 0);
}

#define CASE(title, body) ADD("/watch-config/" title, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("the later account of one directory gets a fault",
         the_later_account_of_one_directory_gets_a_fault);
    CASE("two directories are two", two_directories_are_two);
    CASE("what is not there is equal to none", what_is_not_there_is_equal_to_none);
    CASE("an account that is not used has its directory for itself",
         an_account_that_is_not_used_has_its_directory_for_itself);
    CASE("a fault is told until it is mended", a_fault_is_told_until_it_is_mended);
    CASE("a password that cannot be read stays told", a_password_that_cannot_be_read_stays_told);
    CASE("a broken file is told until it is mended", a_broken_file_is_told_until_it_is_mended);
    return g_test_run();
}
