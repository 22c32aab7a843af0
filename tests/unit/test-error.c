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

/* What follows from each error, once more and by groups: a new code, or a new meaning of one, has
 * to be thought over here. */
static const struct {
    SmErrorCode code;
    SmRetry retry;
    SmReach reach;
    SmAlertKind alert;
    gboolean part_stays;
} expected[] = {
    /* the file's own, over */
    {SM_ERROR_CONFLICT, SM_RETRY_NEVER, SM_REACH_FILE, SM_ALERT_CONFLICT, FALSE},
    {SM_ERROR_GIVEN_UP, SM_RETRY_NEVER, SM_REACH_FILE, SM_ALERT_MISSING, FALSE},
    {SM_ERROR_DATA, SM_RETRY_NEVER, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    /* the file's own, tried again */
    {SM_ERROR_NOT_FOUND, SM_RETRY_PAUSED, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    {SM_ERROR_INTEGRITY, SM_RETRY_NOW, SM_REACH_FILE, SM_ALERT_DAMAGED, FALSE},
    {SM_ERROR_LIMIT, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    {SM_ERROR_SIZE, SM_RETRY_LATER, SM_REACH_FILE, SM_ALERT_WAITING, FALSE},
    {SM_ERROR_BUSY, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    {SM_ERROR_PAUSED, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    {SM_ERROR_UNKNOWN, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    /* service and object host: asked again with pauses */
    {SM_ERROR_SERVICE, SM_RETRY_NOW, SM_REACH_SERVICE, SM_ALERT_NONE, TRUE},
    {SM_ERROR_WAY, SM_RETRY_NOW, SM_REACH_SHARED, SM_ALERT_NONE, TRUE},
    {SM_ERROR_TRUST, SM_RETRY_PAUSED, SM_REACH_SERVICE, SM_ALERT_TRUST, TRUE},
    {SM_ERROR_OBJECT, SM_RETRY_NOW, SM_REACH_SHARED, SM_ALERT_NONE, TRUE},
    {SM_ERROR_URL, SM_RETRY_PAUSED, SM_REACH_SHARED, SM_ALERT_HOST, TRUE},
    /* what a person has to set right */
    {SM_ERROR_CONFIG, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_ACCOUNT, TRUE},
    {SM_ERROR_SECRET, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_ACCOUNT, TRUE},
    {SM_ERROR_CREDENTIALS, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_NONE, TRUE},
    {SM_ERROR_LEDGER, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_NONE, TRUE},
    {SM_ERROR_OWNER, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_NONE, TRUE},
    {SM_ERROR_DIRECTORY, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_DISK, FALSE},
    {SM_ERROR_VOLUME, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_DISK, FALSE},
    {SM_ERROR_ENCRYPTION, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_ENCRYPTION, FALSE},
    {SM_ERROR_INTERNAL, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_NONE, FALSE},
    /* those that no attempt at a file ends with */
    {SM_ERROR_USAGE, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    {SM_ERROR_WORKER, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    {SM_ERROR_IO, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    {SM_ERROR_PIPE, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    {SM_ERROR_SANDBOX, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
};

static void
every_code_means_what_it_should(void)
{
    gboolean seen[SM_N_ERRORS] = {FALSE};

    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(GError) error = g_error_new(SM_ERROR, (int)expected[i].code, "x");
        const SmErrorFacts *facts = sm_error_facts(error);

        g_test_message("code %d", (int)expected[i].code);
        g_assert_cmpint((int)facts->retry, ==, (int)expected[i].retry);
        g_assert_cmpint((int)facts->reach, ==, (int)expected[i].reach);
        g_assert_cmpint((int)facts->alert, ==, (int)expected[i].alert);
        g_assert_cmpint(facts->part_stays, ==, expected[i].part_stays);
        seen[expected[i].code] = TRUE;
    }
    for (int code = 0; code < SM_N_ERRORS; code++)
        g_assert_true(seen[code]);
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
    g_assert_cmpstr(error->message, ==, "write a.csv: No space left on device; make room there");
}

static void
a_file_s_error_keeps_its_cause_only(void)
{
    static const struct {
        const char *said, *cause;
    } cases[] = {{"Failed to open file “/a: b/c”: Permission denied", "Permission denied"},
                 {"Failed to create file “/c.X1Y2Z3”: No such file or directory",
                  "No such file or directory"},
                 {"too large", "too large"},
                 {"it ends with: ", ""}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) fault = g_error_new_literal(G_FILE_ERROR, 0, cases[i].said);

        g_assert_cmpstr(sm_error_of_file(fault), ==, cases[i].cause);
    }
}

/* The code of the error that stays of two tries. */
static int
of_tries(SmErrorCode before, SmErrorCode last, gint64 deadline)
{
    g_autoptr(GError) stays = sm_error_of_tries(g_error_new(SM_ERROR, before, "before"),
                                                g_error_new(SM_ERROR, last, "last"), deadline);

    return stays->code;
}

static void
a_try_that_was_cut_short_tells_nothing(void)
{
    gint64 past = g_get_monotonic_time() - 1, future = past + G_TIME_SPAN_HOUR;
    g_autoptr(GError) alone =
        sm_error_of_tries(NULL, g_error_new(SM_ERROR, SM_ERROR_OBJECT, "last"), past);

    g_assert_cmpint(of_tries(SM_ERROR_SERVICE, SM_ERROR_OBJECT, past), ==, SM_ERROR_SERVICE);
    g_assert_cmpint(of_tries(SM_ERROR_SERVICE, SM_ERROR_OBJECT, future), ==, SM_ERROR_OBJECT);
    g_assert_cmpint(of_tries(SM_ERROR_SERVICE, SM_ERROR_OBJECT, 0), ==, SM_ERROR_OBJECT);
    g_assert_cmpint(of_tries(SM_ERROR_SERVICE, SM_ERROR_CREDENTIALS, past), ==,
                    SM_ERROR_CREDENTIALS);
    g_assert_cmpint(of_tries(SM_ERROR_SERVICE, SM_ERROR_LIMIT, past), ==, SM_ERROR_LIMIT);
    g_assert_error(alone, SM_ERROR, SM_ERROR_OBJECT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/errors/every code has both columns", every_code_has_both_columns);
    g_test_add_func("/errors/every code means what it should", every_code_means_what_it_should);
    g_test_add_func("/errors/only the hopeless is 0 for a filter",
                    only_the_hopeless_is_0_for_a_filter);
    g_test_add_func("/errors/no error is 0", no_error_is_0);
    g_test_add_func("/errors/strangers count as our own fault", strangers_count_as_our_own_fault);
    g_test_add_func("/errors/errno becomes a message", errno_becomes_a_message);
    g_test_add_func("/errors/a file's error keeps its cause only",
                    a_file_s_error_keeps_its_cause_only);
    g_test_add_func("/errors/a try that was cut short tells nothing",
                    a_try_that_was_cut_short_tells_nothing);
    return g_test_run();
}
