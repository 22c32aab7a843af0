/* key=value: how values are written, so that they can be read back. */
#include "common/base/report.h"

static const struct {
    const char *title;
    const char *value;
    const char *line;
} cases[] = {
    {"a word", "stored", "event=stored key=stored"},
    {"words", "not wanted", "event=stored key=\"not wanted\""},
    {"nothing", "", "event=stored key=\"\""},
    {"a quote", "5\"", "event=stored key=\"5\\\"\""},
    {"a backslash", "a\\b", "event=stored key=\"a\\\\b\""},
    {"another key", "x=y", "event=stored key=\"x=y\""},
    {"a line break", "a\nlevel=error", "event=stored key=\"a level=error\""},
    {"control characters", "a\033[31m\007", "event=stored key=a?[31m?"},
    {"what is no UTF-8", "a\377", "event=stored key=a?"},
    {"letters of all kinds", "Gr\303\274\303\237e", "event=stored key=Gr\303\274\303\237e"},
};

static void
is_written(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GString) line = g_string_new(NULL);

    sm_log_line_add(line, "event", "stored");
    sm_log_line_add(line, "key", cases[i].value);
    g_assert_cmpstr(line->str, ==, cases[i].line);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/log line/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), is_written);
    }
    return g_test_run();
}
