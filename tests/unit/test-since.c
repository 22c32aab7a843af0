/* The times that a person may say with --since. */
#include "fetch/rules/since.h"

#include "common/base/error.h"

enum { NOW = 1774735200 /* 2026-03-28T22:00:00Z */, LAST = NOW - 1000 };

static const struct {
    const char *when;
    const char *since; /* as the service is told; NULL: refused */
} cases[] = {
    {"2026-03-28", "2026-03-28T05:00:00-0000"}, /* the local zone is five hours behind */
    {"2026-03-27T22:13", "2026-03-28T03:13:00-0000"},
    {"2026-03-27 22:13", "2026-03-28T03:13:00-0000"},
    {"2026-03-27T22:13:23", "2026-03-28T03:13:23-0000"},
    {"2026-03-27T22:13:23Z", "2026-03-27T22:13:23-0000"},
    {"2026-03-27T22:13Z", "2026-03-27T22:13:00-0000"},
    {"2026-03-27T22:13:23+01:00", "2026-03-27T21:13:23-0000"},
    {"2026-03-27T22:13:23-0500", "2026-03-28T03:13:23-0000"},
    {"2026-03-27T22:13-0000", "2026-03-27T22:13:00-0000"},
    {"2026-03-27T22:13:23.456Z", "2026-03-27T22:13:23-0000"},
    {"7d", "2026-03-21T22:00:00-0000"},
    {"12h", "2026-03-28T10:00:00-0000"},
    {"30min", "2026-03-28T21:30:00-0000"},
    {"last", "2026-03-28T21:43:20-0000"},
    {"2026-03-28T22:00:01Z", NULL}, /* a second from now */
    {"1969-12-31T00:00:00Z", NULL},
    {"2026-02-30", NULL},
    {"2026-03-28T25:00", NULL},
    {"2026-03-28T22", NULL},
    {"28.03.2026", NULL},
    {"7", NULL},
    {"-7d", NULL},
    {"yesterday", NULL},
    {"Last", NULL},
    {"", NULL},
};

static void
test_case(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;
    gint64 since;

    if (sm_since_parse(cases[i].when, NOW, LAST, &since, &error))
        said = sm_since_for_service(since);
    g_assert_cmpstr(said, ==, cases[i].since);
    if (cases[i].since != NULL)
        return;
    g_assert_error(error, SM_ERROR, SM_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "7d"));
}

static void
test_last_without_a_sync(void)
{
    g_autoptr(GError) error = NULL;
    gint64 since;

    g_assert_false(sm_since_parse("last", NOW, 0, &since, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "first complete sync"));
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "EST5", TRUE);
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/since/\"%s\" is %s", cases[i].when,
                                                cases[i].since != NULL ? "read" : "refused");

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    g_test_add_func("/since/last means nothing before a first sync", test_last_without_a_sync);
    return g_test_run();
}
