/* A line of progress: what it says, and what it leaves out where the terminal is narrow. */
#include "fetch/host/progress.h"

#define NAME "4300_20180410_111604.csv"

static const struct {
    const char *title;
    gsize width;
    SmProgressState state;
    const char *line;
} cases[] = {
    {"all of it",
     100,
     {NAME, 3, 12, 5000000, 10000000, 1000000},
     "3 of 12: " NAME "   50%  5.0 MB of 10.0 MB  0:06 left  1.0 MB/s"},
    {"one file is not counted",
     100,
     {NAME, 1, 1, 5000000, 10000000, 1000000},
     NAME "   50%  5.0 MB of 10.0 MB  0:06 left  1.0 MB/s"},
    {"nothing has come yet", 100, {NAME, 1, 1, 0, -1, 0}, NAME "  0 bytes"},
    {"the size is not known", 100, {NAME, 1, 1, 2000, -1, 1000}, NAME "  2.0 kB  1.0 kB/s"},
    {"all has come",
     100,
     {NAME, 1, 1, 1000, 1000, 1000},
     NAME "  100%  1.0 kB of 1.0 kB  1.0 kB/s"},
    {"hours are left",
     100,
     {NAME, 1, 1, 0, 10000000, 500},
     NAME "    0%  0 bytes of 10.0 MB  5:33:21 left  500 bytes/s"},
    {"the rate goes first, then the name is cut",
     56,
     {NAME, 1, 1, 5000000, 10000000, 1000000},
     "4300_20180410_11160~   50%  5.0 MB of 10.0 MB  0:06 left"},
    {"then the time",
     40,
     {NAME, 1, 1, 5000000, 10000000, 1000000},
     "4300_20180410_~   50%  5.0 MB of 10.0 MB"},
    {"then the bytes", 20, {NAME, 3, 12, 5000000, 10000000, 1000000}, "4300_20180410~   50%"},
    {"hardly any room", 8, {NAME, 3, 12, 5000000, 10000000, 1000000}, "4300_20~"},
    {"no room", 0, {NAME, 3, 12, 5000000, 10000000, 1000000}, ""},
};

static void
test_case(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *line = sm_progress_format(&cases[i].state, cases[i].width);

    g_assert_cmpstr(line, ==, cases[i].line);
    g_assert_cmpuint(strlen(line), <=, cases[i].width);
}

static void
test_every_width(void)
{
    const SmProgressState state = {NAME, 3, 12, 5000000, 10000000, 1000000};

    for (gsize width = 0; width < 120; width++) {
        g_autofree char *line = sm_progress_format(&state, width);

        g_assert_cmpuint(strlen(line), <=, width);
    }
}

static void
test_no_terminal(void)
{
    g_assert_null(sm_progress_new(-1, 5));
    g_assert_null(sm_progress_begin(NULL, NAME));
    sm_progress_move(NULL, 1, 2);
    sm_progress_end(NULL);
    sm_progress_free(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/progress/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    g_test_add_func("/progress/no line is too long", test_every_width);
    g_test_add_func("/progress/none where there is no terminal", test_no_terminal);
    return g_test_run();
}
