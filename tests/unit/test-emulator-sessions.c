#include <glib.h>

#include "common/base/error.h"
#include "emulator/base/sessions.h"

static void
test_specs(void)
{
    static const struct {
        const char *spec;
        gboolean good;
    } cases[] = {
        {NULL, TRUE},      {"1/1", TRUE},     {"10/60", TRUE},  {"10/60s", TRUE},
        {"10/5min", TRUE}, {"2/1h", TRUE},    {"", FALSE},      {"10", FALSE},
        {"10/", FALSE},    {"/60", FALSE},    {"0/60", FALSE},  {"10/0", FALSE},
        {"-1/60", FALSE},  {"+1/60", FALSE},  {"10/5m", FALSE}, {"10/60/2", FALSE},
        {"ten/60", FALSE}, {"10/ 60", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SmSessions) sessions = sm_sessions_new(cases[i].spec, &error);

        g_test_message("%s", cases[i].spec != NULL ? cases[i].spec : "none");
        g_assert_cmpint(sessions != NULL, ==, cases[i].good);
        if (!cases[i].good)
            g_assert_error(error, SM_ERROR, SM_ERROR_USAGE);
    }
}

static void
test_limit(void)
{
    static const struct {
        const char *user;
        gint64 now;
        gboolean admitted;
    } calls[] = {
        {"reg", 100, TRUE},  {"reg", 105, TRUE}, {"reg", 106, FALSE}, {"kim", 106, TRUE},
        {"reg", 109, FALSE}, {"reg", 110, TRUE}, {"reg", 111, FALSE}, {"reg", 115, TRUE},
        {"reg", 119, FALSE}, {"reg", 500, TRUE}, {"reg", 500, TRUE},  {"reg", 500, FALSE},
    };
    g_autoptr(SmSessions) sessions = sm_sessions_new("2/10", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        g_assert_cmpint(sm_sessions_take(sessions, calls[i].user, calls[i].now), ==,
                        calls[i].admitted);
}

static void
test_no_limit(void)
{
    g_autoptr(SmSessions) sessions = sm_sessions_new(NULL, NULL);

    for (guint i = 0; i < 1000; i++)
        g_assert_true(sm_sessions_take(sessions, "reg", 100));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sessions/are written NUMBER/TIME", test_specs);
    g_test_add_func("/sessions/are limited for each user, and end with time", test_limit);
    g_test_add_func("/sessions/have no limit unless there is one", test_no_limit);
    return g_test_run();
}
