/* Whether other files are worth a try: the same for `sync` and `run`. */
#include "common/base/error.h"
#include "fetch/rules/away.h"

/* After how many failures of this code in a row nothing more is begun; 0: never. */
static guint
failures_until_away(int code, guint at_a_time)
{
    g_autoptr(GError) fault = g_error_new_literal(SM_ERROR, code, "x");
    SmAway away = {0};

    for (guint failures = 1; failures <= 3 * at_a_time; failures++) {
        sm_away_note(&away, fault, at_a_time);
        if (away.away)
            return failures;
    }
    return 0;
}

static void
every_code_stops_as_far_as_it_reaches(void)
{
    for (int code = 0; code < SM_N_ERRORS; code++) {
        g_autoptr(GError) fault = g_error_new_literal(SM_ERROR, code, "x");
        static const guint one[] = {[SM_REACH_FILE] = 0,
                                    [SM_REACH_SHARED] = 2,
                                    [SM_REACH_SERVICE] = 1,
                                    [SM_REACH_ACCOUNT] = 1};
        static const guint four[] = {[SM_REACH_FILE] = 0,
                                     [SM_REACH_SHARED] = 5,
                                     [SM_REACH_SERVICE] = 4,
                                     [SM_REACH_ACCOUNT] = 1};

        g_test_message("code %d", code);
        g_assert_cmpuint(failures_until_away(code, 1), ==, one[sm_error_facts(fault)->reach]);
        g_assert_cmpuint(failures_until_away(code, 4), ==, four[sm_error_facts(fault)->reach]);
    }
}

static void
a_success_begins_the_count_anew(void)
{
    g_autoptr(GError) fault = g_error_new_literal(SM_ERROR, SM_ERROR_OBJECT, "x");
    SmAway away = {0};

    for (int i = 0; i < 9; i++) {
        sm_away_note(&away, fault, 1);
        sm_away_note(&away, NULL, 1);
    }
    g_assert_false(away.away);
}

static void
a_failure_of_the_file_alone_is_neither(void)
{
    g_autoptr(GError) store = g_error_new_literal(SM_ERROR, SM_ERROR_OBJECT, "x");
    g_autoptr(GError) own = g_error_new_literal(SM_ERROR, SM_ERROR_CONFLICT, "x");
    SmAway away = {0};

    sm_away_note(&away, store, 1);
    sm_away_note(&away, own, 1);
    g_assert_false(away.away);
    sm_away_note(&away, store, 1);
    g_assert_true(away.away);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/away/every code stops as far as it reaches",
                    every_code_stops_as_far_as_it_reaches);
    g_test_add_func("/away/a success begins the count anew", a_success_begins_the_count_anew);
    g_test_add_func("/away/a failure of the file alone is neither",
                    a_failure_of_the_file_alone_is_neither);
    return g_test_run();
}
