/* Conditional and partial requests, as a table: headers in, selection out. */
#include <glib.h>

#include "emulator/s3/select.h"

#define ETAG "\"e5ebd4c02cefbe7955977c67ada242b7\""
#define MODIFIED "Tue, 10 Apr 2018 11:16:04 GMT"

enum { SIZE = 1000 };

static const struct {
    const char *about;
    const char *if_match, *if_none_match, *if_range, *range;
    SmSelection expected;
    guint64 first, length;
} cases[] = {
    {"nothing asked", NULL, NULL, NULL, NULL, SM_SELECT_WHOLE, 0, SIZE},
    {"from the start", NULL, NULL, NULL, "bytes=0-99", SM_SELECT_RANGE, 0, 100},
    {"one byte", NULL, NULL, NULL, "bytes=999-999", SM_SELECT_RANGE, 999, 1},
    {"open end", NULL, NULL, NULL, "bytes=400-", SM_SELECT_RANGE, 400, 600},
    {"past the end", NULL, NULL, NULL, "bytes=400-5000", SM_SELECT_RANGE, 400, 600},
    {"last bytes", NULL, NULL, NULL, "bytes=-10", SM_SELECT_RANGE, 990, 10},
    {"more last bytes than there are", NULL, NULL, NULL, "bytes=-5000", SM_SELECT_RANGE, 0, SIZE},
    {"another case", NULL, NULL, NULL, "Bytes=1-1", SM_SELECT_RANGE, 1, 1},
    {"starts at the end", NULL, NULL, NULL, "bytes=1000-", SM_SELECT_UNSATISFIABLE, 0, 0},
    {"no last bytes", NULL, NULL, NULL, "bytes=-0", SM_SELECT_UNSATISFIABLE, 0, 0},
    {"two ranges", NULL, NULL, NULL, "bytes=0-1,3-4", SM_SELECT_WHOLE, 0, SIZE},
    {"backwards", NULL, NULL, NULL, "bytes=5-4", SM_SELECT_WHOLE, 0, SIZE},
    {"another unit", NULL, NULL, NULL, "lines=0-1", SM_SELECT_WHOLE, 0, SIZE},
    {"no number", NULL, NULL, NULL, "bytes=a-b", SM_SELECT_WHOLE, 0, SIZE},
    {"a sign", NULL, NULL, NULL, "bytes=+1-2", SM_SELECT_WHOLE, 0, SIZE},
    {"no dash", NULL, NULL, NULL, "bytes=5", SM_SELECT_WHOLE, 0, SIZE},
    {"too large a number", NULL, NULL, NULL, "bytes=99999999999999999999-", SM_SELECT_WHOLE, 0,
     SIZE},
    {"If-Match that holds", ETAG, NULL, NULL, NULL, SM_SELECT_WHOLE, 0, SIZE},
    {"If-Match with any", "*", NULL, NULL, NULL, SM_SELECT_WHOLE, 0, SIZE},
    {"If-Match in a list", "\"x\", " ETAG, NULL, NULL, NULL, SM_SELECT_WHOLE, 0, SIZE},
    {"If-Match that fails", "\"x\"", NULL, NULL, NULL, SM_SELECT_FAILED, 0, 0},
    {"If-Match compares strongly", "W/" ETAG, NULL, NULL, NULL, SM_SELECT_FAILED, 0, 0},
    {"If-None-Match that is new", NULL, "\"x\"", NULL, NULL, SM_SELECT_WHOLE, 0, SIZE},
    {"If-None-Match that is known", NULL, ETAG, NULL, NULL, SM_SELECT_NOT_MODIFIED, 0, 0},
    {"If-None-Match compares weakly", NULL, "W/" ETAG, NULL, NULL, SM_SELECT_NOT_MODIFIED, 0, 0},
    {"If-None-Match wins over Range", NULL, ETAG, NULL, "bytes=0-1", SM_SELECT_NOT_MODIFIED, 0, 0},
    {"If-Match first", "\"x\"", ETAG, NULL, NULL, SM_SELECT_FAILED, 0, 0},
    {"If-Range that holds", NULL, NULL, ETAG, "bytes=5-", SM_SELECT_RANGE, 5, 995},
    {"If-Range that fails", NULL, NULL, "\"x\"", "bytes=5-", SM_SELECT_WHOLE, 0, SIZE},
    {"If-Range compares strongly", NULL, NULL, "W/" ETAG, "bytes=5-", SM_SELECT_WHOLE, 0, SIZE},
    {"If-Range with the date", NULL, NULL, MODIFIED, "bytes=5-", SM_SELECT_RANGE, 5, 995},
    {"If-Range with a later date", NULL, NULL, "Tue, 10 Apr 2018 11:16:05 GMT", "bytes=5-",
     SM_SELECT_WHOLE, 0, SIZE},
    {"If-Range that fails hides 416", NULL, NULL, "\"x\"", "bytes=1000-", SM_SELECT_WHOLE, 0, SIZE},
};

static void
test_selection(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const SmSelect select = {cases[i].if_match,
                                 cases[i].if_none_match,
                                 cases[i].if_range,
                                 cases[i].range,
                                 ETAG,
                                 MODIFIED,
                                 SIZE};
        guint64 first, length;

        g_test_message("%s", cases[i].about);
        g_assert_cmpint(sm_select(&select, &first, &length), ==, cases[i].expected);
        if (cases[i].length == 0)
            continue;
        g_assert_cmpuint(first, ==, cases[i].first);
        g_assert_cmpuint(length, ==, cases[i].length);
    }
}

static void
test_empty_object(void)
{
    SmSelect select = {.etag = ETAG, .last_modified = MODIFIED, .range = "bytes=0-"};
    guint64 first, length;

    g_assert_cmpint(sm_select(&select, &first, &length), ==, SM_SELECT_UNSATISFIABLE);
    select.range = NULL;
    g_assert_cmpint(sm_select(&select, &first, &length), ==, SM_SELECT_WHOLE);
    g_assert_cmpuint(length, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/select/follows conditions and ranges as S3 does", test_selection);
    g_test_add_func("/select/has no range of an empty object", test_empty_object);
    return g_test_run();
}
