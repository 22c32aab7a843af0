#include <glib.h>

#include "emulator/base/query.h"

static void
test_decoding(void)
{
    static const struct {
        const char *query, *name, *value;
    } cases[] = {
        {"filename=a.csv", "filename", "a.csv"},
        {"filename=a+b.csv", "filename", "a b.csv"},
        {"filename=a%20b.csv", "filename", "a b.csv"},
        {"filename=a%2Bb.csv", "filename", "a+b.csv"},
        {"filename=a%2bb.csv", "filename", "a+b.csv"},
        {"x=1&filename=a%26b%3D", "filename", "a&b="},
        {"filename=a=b", "filename", "a=b"},
        {"f%69lename=a", "filename", "a"},
        {"filename=first&filename=second", "filename", "first"},
        {"filename", "filename", ""},
        {"&&filename=&", "filename", ""},
        {"filename=%C3%A9", "filename", "\xc3\xa9"},
        {"other=1", "filename", NULL},
        {"", "filename", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) parameters = sm_query_parse(cases[i].query);

        g_assert_nonnull(parameters);
        g_assert_cmpstr(sm_query_get(parameters, cases[i].name), ==, cases[i].value);
    }
}

static void
test_broken(void)
{
    static const char *const broken[] = {"a=%", "a=%2", "a=%zz", "a=%00", "%=1", "a=1&b=%g0"};

    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++)
        g_assert_null(sm_query_parse(broken[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/query/decodes names and values, a plus is a space", test_decoding);
    g_test_add_func("/query/refuses broken sequences and NUL", test_broken);
    return g_test_run();
}
