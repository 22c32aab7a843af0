#include <glib.h>

#include "emulator/service/listing.h"

static void
test_dates(void)
{
    static const struct {
        const char *text;
        gint64 seconds; /* -1: refused */
    } cases[] = {
        {"2017-03-28T22:13:23-0000", 1490739203},
        {"2017-03-28T22:13:23+0000", 1490739203},
        {"2017-03-28T18:13:23-0400", 1490739203},
        {"2017-03-28T22:13:23 0000", -1}, /* a '+' that was not encoded */
        {"2017-03-28T22:13:23-00:00", -1},
        {"2017-03-28T22:13:23.000-0000", -1},
        {"2017-03-28T22:13:23Z", -1},
        {"2017-03-28", -1},
        {"2017-13-28T22:13:23-0000", -1},
        {"yesterday", -1},
        {"", -1},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 seconds = -1;

        g_test_message("%s", cases[i].text);
        g_assert_cmpint(sm_listing_parse_date(cases[i].text, &seconds), ==, cases[i].seconds != -1);
        g_assert_cmpint(seconds, ==, cases[i].seconds);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/listing/takes dates in the service's form alone", test_dates);
    return g_test_run();
}
