/* One call for many threads: each is served by one that began after it asked. */
#include "common/base/error.h"
#include "fetch/host/together.h"

enum { THREADS = 8, ROUNDS = 500 };

typedef struct {
    SmTogether *together;
    int asked;   /* counts up before each call */
    int covered; /* what the last call saw of that as it began */
    int calls;
    int running;
    int fails_at; /* the number of the call that fails; 0: none */
} Work;

static gboolean
act(gpointer data, GError **error)
{
    Work *work = data;
    int seen = g_atomic_int_get(&work->asked);

    g_assert_cmpint(g_atomic_int_add(&work->running, 1), ==, 0); /* one at a time */
    g_usleep(20);
    g_atomic_int_add(&work->running, -1);
    g_atomic_int_set(&work->covered, seen);
    if (g_atomic_int_add(&work->calls, 1) + 1 != work->fails_at)
        return TRUE;
    g_set_error_literal(error, SM_ERROR, SM_ERROR_IO, "the disk fails");
    return FALSE;
}

static gpointer
ask_often(gpointer data)
{
    Work *work = data;

    for (int i = 0; i < ROUNDS; i++) {
        int mine = g_atomic_int_add(&work->asked, 1) + 1;
        g_autoptr(GError) error = NULL;

        if (!sm_together(work->together, act, work, &error)) {
            g_assert_error(error, SM_ERROR, (int)SM_ERROR_IO);
            return NULL;
        }
        g_assert_cmpint(g_atomic_int_get(&work->covered), >=, mine);
    }
    return work;
}

/* How many threads were served to their end. */
static int
run(Work *work)
{
    GThread *threads[THREADS];
    int served = 0;

    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("asks", ask_often, work);
    for (int i = 0; i < THREADS; i++)
        served += g_thread_join(threads[i]) != NULL;
    return served;
}

static void
serves_each_by_a_call_that_began_after_it_asked(void)
{
    g_autoptr(SmTogether) together = sm_together_new();
    Work work = {.together = together};

    g_assert_cmpint(run(&work), ==, THREADS);
    g_assert_cmpint(work.calls, <, THREADS * ROUNDS); /* some at once */
}

static void
fails_for_all_who_come_later(void)
{
    g_autoptr(SmTogether) together = sm_together_new();
    Work work = {.together = together, .fails_at = 3};

    g_assert_cmpint(run(&work), ==, 0);
    g_assert_cmpint(work.calls, ==, 3);
    g_assert_false(sm_together(together, act, &work, NULL));
    g_assert_cmpint(work.calls, ==, 3);
}

static void
is_the_call_itself_for_one_alone(void)
{
    Work work = {.fails_at = 2};
    g_autoptr(GError) error = NULL;

    g_assert_true(sm_together(NULL, act, &work, &error));
    g_assert_false(sm_together(NULL, act, &work, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_IO);
    g_assert_true(sm_together(NULL, act, &work, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/together/serves each by a call that began after it asked",
                    serves_each_by_a_call_that_began_after_it_asked);
    g_test_add_func("/together/fails for all who come later", fails_for_all_who_come_later);
    g_test_add_func("/together/is the call itself for one alone", is_the_call_itself_for_one_alone);
    return g_test_run();
}
