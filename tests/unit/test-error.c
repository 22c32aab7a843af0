/* Errors and their exit codes: the one table. */
#include <errno.h>
#include <sysexits.h>

#include "common/base/error.h"

static void
every_code_has_both_columns(void)
{
    for (int code = 0; code < SM_N_ERRORS; code++) {
        g_autoptr(GError) error = g_error_new_literal(SM_ERROR, code, "x");
        int at_prompt = sm_error_exit_code(error, SM_ROLE_PROMPT);
        int as_filter = sm_error_exit_code(error, SM_ROLE_FILTER);

        g_assert_cmpint(at_prompt, >=, EX__BASE);
        g_assert_cmpint(at_prompt, <=, EX__MAX);
        g_assert_true(as_filter == EX_OK || as_filter == EX_TEMPFAIL);
    }
}

/* What no later try can mend must not make a mail system try again. */
static void
only_the_hopeless_is_0_for_a_filter(void)
{
    for (int code = 0; code < SM_N_ERRORS; code++) {
        g_autoptr(GError) error = g_error_new_literal(SM_ERROR, code, "x");
        gboolean hopeless =
            code == SM_ERROR_DATA || code == SM_ERROR_CONFLICT || code == SM_ERROR_GIVEN_UP;

        g_assert_cmpint(sm_error_exit_code(error, SM_ROLE_FILTER), ==,
                        hopeless ? EX_OK : EX_TEMPFAIL);
    }
}

static void
no_error_is_0(void)
{
    g_assert_cmpint(sm_error_exit_code(NULL, SM_ROLE_FILTER), ==, EX_OK);
    g_assert_cmpint(sm_error_exit_code(NULL, SM_ROLE_PROMPT), ==, EX_OK);
}

static void
strangers_count_as_our_own_fault(void)
{
    g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, 0, "x");
    g_autoptr(GError) beyond = g_error_new_literal(SM_ERROR, SM_N_ERRORS, "x");
    g_autoptr(GError) below = g_error_new_literal(SM_ERROR, -1, "x");

    g_assert_cmpint(sm_error_exit_code(foreign, SM_ROLE_PROMPT), ==, EX_SOFTWARE);
    g_assert_cmpint(sm_error_exit_code(beyond, SM_ROLE_PROMPT), ==, EX_SOFTWARE);
    g_assert_cmpint(sm_error_exit_code(below, SM_ROLE_PROMPT), ==, EX_SOFTWARE);
    g_assert_cmpint(sm_error_exit_code(foreign, SM_ROLE_FILTER), ==, EX_TEMPFAIL);
}

static void
errno_becomes_a_message(void)
{
    g_autoptr(GError) error = NULL;

    errno = ENOSPC;
    g_assert_false(sm_error_from_errno(&error, SM_ERROR_DIRECTORY, "write %s", "a.csv"));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    g_assert_cmpstr(error->message, ==, "write a.csv: No space left on device");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/errors/every code has both columns", every_code_has_both_columns);
    g_test_add_func("/errors/only the hopeless is 0 for a filter",
                    only_the_hopeless_is_0_for_a_filter);
    g_test_add_func("/errors/no error is 0", no_error_is_0);
    g_test_add_func("/errors/strangers count as our own fault", strangers_count_as_our_own_fault);
    g_test_add_func("/errors/errno becomes a message", errno_becomes_a_message);
    return g_test_run();
}
