/* A look that hangs is given up; one that waits for a processor is not. */
#include "fetch/host/look.h"

enum { MANY = 100000 }; /* more than one answers in the first moment */

static void
busy_is_not_silent(void)
{
    g_autofree const char **paths = g_new0(const char *, MANY + 1);
    g_autoptr(SmLook) look = NULL;

    for (guint i = 0; i < MANY; i++)
        paths[i] = "/";
    look = sm_look_begin(paths);
    g_assert_nonnull(sm_look_silent(look));
    g_assert_true(sm_look_is_over(look, g_get_monotonic_time()));
    g_assert_null(sm_look_silent(look));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/look/busy-is-not-silent", busy_is_not_silent);
    return g_test_run();
}
