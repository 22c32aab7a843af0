/* The common pace of calls: who waits, for how long, and what ends the wait. */
#include "fetch/http/pace.h"

#include "common/base/error.h"

static gint64
in(gint64 seconds)
{
    return g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

static void
test_no_pace(void)
{
    g_assert_true(sm_pace_wait(NULL, in(0), NULL));
    g_assert_true(sm_pace_sleep(NULL, in(0)));
    g_assert_false(sm_pace_has_stopped(NULL));
    g_assert_cmpuint(sm_pace_left(NULL), ==, 0);
    sm_pace_answer(NULL, 503, 100);
}

static void
test_good_answers(void)
{
    g_autoptr(SmPace) pace = sm_pace_new(1);

    sm_pace_answer(pace, 200, 0);
    sm_pace_answer(pace, 404, 0);
    sm_pace_answer(pace, 500, 0);
    g_assert_true(sm_pace_wait(pace, in(0), NULL));
    g_assert_cmpuint(sm_pace_left(pace), ==, 0);
}

/* Refused at once, so that nothing here waits: the time that was asked for is too long. */
static void
assert_slowed_down(long status, guint retry_after, gint64 patience)
{
    g_autoptr(SmPace) pace = sm_pace_new(1);
    g_autoptr(GError) error = NULL;

    sm_pace_answer(pace, status, retry_after);
    g_assert_false(sm_pace_wait(pace, in(patience), &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_SERVICE);
    g_assert_nonnull(strstr(error->message, "no call before"));
    g_assert_cmpuint(sm_pace_left(pace), >=, MAX(retry_after, 1));
}

static void
test_overload(void)
{
    assert_slowed_down(429, 0, 0);
    assert_slowed_down(503, 0, 0);
    assert_slowed_down(503, 100, 90);
    assert_slowed_down(200, 100, 90); /* it may say so with any answer */
}

static void
test_a_short_wait(void)
{
    g_autoptr(SmPace) pace = sm_pace_new(1);
    gint64 begin = g_get_monotonic_time();

    sm_pace_answer(pace, 503, 0);
    g_assert_true(sm_pace_wait(pace, in(60), NULL));
    g_assert_cmpint(g_get_monotonic_time() - begin, >=, 250 * 1000);
}

static gpointer
stop(gpointer pace)
{
    sm_pace_stop(pace);
    return NULL;
}

static void
test_stop(void)
{
    g_autoptr(SmPace) pace = sm_pace_new(1);
    g_autoptr(GError) error = NULL;
    GThread *thread;

    sm_pace_answer(pace, 503, 3000);
    thread = g_thread_new("stop", stop, pace);
    g_assert_false(sm_pace_sleep(pace, in(3000)));
    g_assert_false(sm_pace_wait(pace, in(4000), &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_LIMIT);
    g_assert_true(sm_pace_has_stopped(pace));
    g_thread_join(thread);
}

static gpointer
transfer(gpointer pace)
{
    gboolean begun = sm_pace_begin_transfer(pace, NULL);

    if (begun)
        sm_pace_end_transfer(pace);
    return GINT_TO_POINTER(begun);
}

static void
test_transfers(void)
{
    g_autoptr(SmPace) pace = sm_pace_new(2);
    GThread *third;

    g_assert_true(sm_pace_begin_transfer(NULL, NULL));
    g_assert_true(sm_pace_begin_transfer(pace, NULL));
    g_assert_true(sm_pace_begin_transfer(pace, NULL));
    third = g_thread_new("third", transfer, pace);
    sm_pace_end_transfer(pace);
    g_assert_true(GPOINTER_TO_INT(g_thread_join(third)));
    g_assert_true(sm_pace_begin_transfer(pace, NULL));
    third = g_thread_new("third", transfer, pace);
    sm_pace_stop(pace);
    g_assert_false(GPOINTER_TO_INT(g_thread_join(third)));
}

static gpointer
begin_file(gpointer pace)
{
    gboolean begun;

    sm_pace_begin_file(pace, &begun);
    return GINT_TO_POINTER(begun);
}

static void
test_files(void)
{
    g_autoptr(SmPace) pace = sm_pace_new(1);
    gboolean first, second;
    GThread *third;

    sm_pace_begin_file(pace, &first);
    sm_pace_begin_file(pace, &second);
    g_assert_true(first && second);
    third = g_thread_new("third", begin_file, pace);
    sm_pace_end_file(pace, &first);
    g_assert_false(first);
    g_assert_true(GPOINTER_TO_INT(g_thread_join(third)));
    sm_pace_end_file(pace, &first); /* as often as one likes: it is one file */
    sm_pace_end_file(pace, NULL);
    third = g_thread_new("third", begin_file, pace);
    sm_pace_stop(pace);
    g_assert_false(GPOINTER_TO_INT(g_thread_join(third)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pace/none holds nobody up", test_no_pace);
    g_test_add_func("/pace/good answers and single failures hold nobody up", test_good_answers);
    g_test_add_func("/pace/an overloaded service slows all down", test_overload);
    g_test_add_func("/pace/a short time is waited for", test_a_short_wait);
    g_test_add_func("/pace/its end wakes who waits", test_stop);
    g_test_add_func("/pace/so many transfers at a time", test_transfers);
    g_test_add_func("/pace/so many files at a time", test_files);
    return g_test_run();
}
