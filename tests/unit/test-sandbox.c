/* What is said of a kernel's walls, and which kernels a policy is content with. */
#include "common/base/error.h"
#include "filter/sandbox/sandbox.h"

typedef struct {
    const char *name;
    SmSandboxWalls walls;
    const char *description;
    gboolean complete;
} Case;

static const Case cases[] = {
    {"both walls", {7, TRUE}, "landlock ABI 7, seccomp", TRUE},
    {"the oldest landlock", {1, TRUE}, "landlock ABI 1, seccomp", TRUE},
    {"landlock alone", {6, FALSE}, "landlock ABI 6, no seccomp", FALSE},
    {"seccomp alone", {0, TRUE}, "no landlock, seccomp", FALSE},
    {"neither", {0, FALSE}, "no landlock, no seccomp", FALSE},
};

static void
check_case(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *description = sm_sandbox_describe(&c->walls);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(description, ==, c->description);
    g_assert_true(sm_sandbox_check(&c->walls, SM_SANDBOX_AUTO, &error));
    g_assert_no_error(error);
    g_assert_true(sm_sandbox_check(&c->walls, SM_SANDBOX_REQUIRED, &error) == c->complete);
    if (c->complete)
        g_assert_no_error(error);
    else
        g_assert_error(error, SM_ERROR, SM_ERROR_SANDBOX);
}

static void
every_step_has_a_name(void)
{
    for (int step = 0; step <= SM_SANDBOX_N_STEPS; step++)
        g_assert_nonnull(sm_sandbox_step_name((SmSandboxStep)step));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/sandbox/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/sandbox/every step has a name", every_step_has_a_name);
    return g_test_run();
}
