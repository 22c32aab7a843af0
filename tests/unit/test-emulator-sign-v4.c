/* Signature Version 4 against the example of Amazon's own documentation (query parameters). */
#include <glib.h>

#include "emulator/base/query.h"
#include "emulator/s3/sign-v4.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define HOST "examplebucket.s3.amazonaws.com"
#define UNSIGNED_QUERY                                                                             \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256"                                                             \
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"            \
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"

enum { THAT_DAY = 1369353600 }; /* 2013-05-24T00:00:00Z */

static void
test_published_presigned_get(void)
{
    const SmS3Key key = {(char *)"AKIAIOSFODNN7EXAMPLE", (char *)SECRET, NULL, (char *)"us-east-1"};
    g_autofree char *query = sm_v4_presign(&key, HOST, "/test.txt", THAT_DAY, 86400);

    g_assert_cmpstr(query, ==,
                    UNSIGNED_QUERY "&X-Amz-Signature="
                                   "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d40"
                                   "4");
}

static void
test_published_steps(void)
{
    g_autoptr(GPtrArray) query = sm_query_parse(UNSIGNED_QUERY "&X-Amz-Signature=left-out");
    g_autoptr(GHashTable) headers = g_hash_table_new(g_str_hash, g_str_equal);
    const SmV4Request request = {"GET",   "/test.txt",        query,      "host",
                                 headers, "20130524T000000Z", "us-east-1"};
    g_autofree char *canonical = NULL;
    g_autofree char *text = NULL;

    g_hash_table_insert(headers, (gpointer) "host", (gpointer)HOST);
    canonical = sm_v4_canonical_request(&request);
    text = sm_v4_string_to_sign(&request);
    g_assert_cmpstr(canonical, ==,
                    "GET\n/test.txt\n" UNSIGNED_QUERY "\nhost:" HOST "\n\nhost\nUNSIGNED-PAYLOAD");
    g_assert_cmpstr(text, ==,
                    "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
                    "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04");
}

static void
test_canonical_order(void)
{
    g_autoptr(GPtrArray) query = sm_query_parse("b=2&a-b=x&a=2&a=1&c=%20%2F~&empty");
    g_autoptr(GHashTable) headers = g_hash_table_new(g_str_hash, g_str_equal);
    const SmV4Request request = {"GET",   "/a b/c+d",         query,      "host",
                                 headers, "20130524T000000Z", "us-east-1"};
    g_autofree char *canonical = sm_v4_canonical_request(&request);

    g_assert_true(g_str_has_prefix(
        canonical, "GET\n/a%20b/c%2Bd\na=1&a=2&a-b=x&b=2&c=%20%2F~&empty=\nhost:\n"));
}

static void
test_dates(void)
{
    static const struct {
        const char *text;
        gboolean good;
    } dates[] = {
        {"20130524T000000Z", TRUE},      {"20130524T000000", FALSE},
        {"20131324T000000Z", FALSE},     {"2013-05-24T00:00:00Z", FALSE},
        {"20130524T000000+0000", FALSE}, {"", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(dates); i++) {
        gint64 seconds = 0;

        g_assert_cmpint(sm_v4_parse_date(dates[i].text, &seconds), ==, dates[i].good);
        if (dates[i].good)
            g_assert_cmpint(seconds, ==, THAT_DAY);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/signature v4/signs the published presigned GET",
                    test_published_presigned_get);
    g_test_add_func("/signature v4/goes through the published steps", test_published_steps);
    g_test_add_func("/signature v4/sorts parameters by name, then value", test_canonical_order);
    g_test_add_func("/signature v4/reads dates in the basic form alone", test_dates);
    return g_test_run();
}
