#include <glib.h>

#include "emulator/service/listing.h"

static void
test_dates(void)
{
    static const struct {
        const char *text;
        gint64 seconds; /* -1: refused */
        gint64 strict;
    } cases[] = {
        {"2017-03-28T22:13:23-0000", 1490739203, 1490739203},
        {"2017-03-28T22:13:23+0000", 1490739203, 1490739203},
        {"2017-03-28T18:13:23-0400", 1490739203, 1490739203},
        {"2017-03-28T22:13:23 0000", 1490739203, -1}, /* a '+' that was not encoded */
        {"2017-03-29T00:13:23 0200", 1490739203, -1},
        {"2017-03-28T22:13:23-00:00", 1490739203, -1},
        {"2017-03-28T22:13:23 00:00", 1490739203, -1},
        {"2017-03-28T22:13:23.000-0000", 1490739203, -1},
        {"2017-03-28T22:13:23.999Z", 1490739203, -1},
        {"2017-03-28T22:13:23Z", 1490739203, -1},
        {"2017-03-28T22:13:23", 1490739203, -1},
        {"2017-03-28 22:13:23", 1490739203, -1},
        {"2017-03-28 22:13:23 0000", 1490739203, -1},
        {"2017-03-28", 1490659200, -1},
        {"2017-13-28T22:13:23-0000", -1, -1},
        {"2017-13-28", -1, -1},
        {"2017-03-28T", -1, -1},
        {"yesterday", -1, -1},
        {"1490739203", -1, -1},
        {"", -1, -1},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (int strict = 0; strict <= 1; strict++) {
            gint64 expected = strict ? cases[i].strict : cases[i].seconds;
            gint64 seconds = -1;

            g_test_message("%s strict %d", cases[i].text, strict);
            g_assert_cmpint(sm_listing_parse_date(cases[i].text, strict, &seconds), ==,
                            expected != -1);
            g_assert_cmpint(seconds, ==, expected);
        }
    }
}

static void
test_empty(void)
{
    static const struct {
        const char *form;
        const char *text;
    } cases[] = {
        {"null", "{\"files\":null}"}, {"[]", "{\"files\":[]}"}, {"{}", "{\"files\":{}}"},
        {"\"\"", "{\"files\":\"\"}"}, {"missing", "{}"},
    };
    g_autoptr(SmFiles) files = sm_files_new(NULL, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        cJSON *json = sm_listing_json(files, 0, cases[i].form);
        char *text = cJSON_PrintUnformatted(json);

        g_assert_cmpstr(text, ==, cases[i].text);
        cJSON_free(text);
        cJSON_Delete(json);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/listing/takes every form of date, or the documented one alone", test_dates);
    g_test_add_func("/listing/says in several ways that it is empty", test_empty);
    return g_test_run();
}
