/* Signature Version 2 against the examples of Amazon's own documentation (REST authentication). */
#include <glib.h>

#include "emulator/base/digest.h"
#include "emulator/base/query.h"
#include "emulator/s3/sign-v2.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

/* "Query string request authentication alternative": johnsmith's puppy. */
static void
test_published_query_string(void)
{
    const SmS3Key key = {(char *)"AKIAIOSFODNN7EXAMPLE", (char *)SECRET, NULL, NULL};
    g_autoptr(GPtrArray) none = sm_query_parse("");
    const SmV2Request request = {"GET", "/johnsmith/photos/puppy.jpg", none, NULL, 1175139620};
    g_autofree char *text = sm_v2_string_to_sign(&request);
    g_autofree char *signature = sm_hmac_sha1_base64(SECRET, text);
    g_autofree char *query = sm_v2_presign(&key, request.resource, 1175139620);

    g_assert_cmpstr(text, ==, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
    g_assert_cmpstr(signature, ==, "NpgCjnDzrM+WFzoENXmpNDUsSn8=");
    g_assert_cmpstr(query, ==,
                    "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1175139620"
                    "&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D");
}

static void
test_headers_take_part(void)
{
    g_autoptr(GHashTable) headers = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) query = sm_query_parse("X-Amz-Meta-Ab=%2F&other=1");
    const SmV2Request request = {"GET", "/b/k", query, headers, 7};
    g_autofree char *text = NULL;

    g_hash_table_insert(headers, (gpointer) "content-type", (gpointer) "application/json");
    g_hash_table_insert(headers, (gpointer) "x-amz-meta-b", (gpointer) "2");
    g_hash_table_insert(headers, (gpointer) "x-amz-meta-a", (gpointer) "1");
    g_hash_table_insert(headers, (gpointer) "user-agent", (gpointer) "test");
    text = sm_v2_string_to_sign(&request);
    g_assert_cmpstr(
        text, ==,
        "GET\n\napplication/json\n7\nx-amz-meta-a:1\nx-amz-meta-ab:/\nx-amz-meta-b:2\n/b/k");
}

static void
test_parameters_take_part(void)
{
    static const struct {
        const char *query, *resource;
    } cases[] = {
        {"versionId=a%2Bb&x=1&response-content-type=text%2Fcsv&AWSAccessKeyId=k",
         "/b/k?response-content-type=text/csv&versionId=a+b"},
        {"torrent&acl", "/b/k?acl&torrent"},
        {"versionId=1&versionId=2", "/b/k?versionId=1&versionId=2"},
        {"versionid=1&Response-Content-Type=x", "/b/k"},
        {"", "/b/k"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) query = sm_query_parse(cases[i].query);
        const SmV2Request request = {"GET", "/b/k", query, NULL, 7};
        g_autofree char *text = sm_v2_string_to_sign(&request);
        g_autofree char *expected = g_strconcat("GET\n\n\n7\n", cases[i].resource, NULL);

        g_assert_cmpstr(text, ==, expected);
    }
}

static void
test_token(void)
{
    const SmS3Key key = {(char *)"ASIA", (char *)SECRET, (char *)"to/k+en=", NULL};
    g_autoptr(GPtrArray) query = sm_query_parse("x-amz-security-token=to%2Fk%2Ben%3D");
    const SmV2Request request = {"GET", "/b/k", query, NULL, 7};
    g_autofree char *text = sm_v2_string_to_sign(&request);
    g_autofree char *signature = sm_hmac_sha1_base64(SECRET, text);
    g_autofree char *encoded = g_uri_escape_string(signature, NULL, FALSE);
    g_autofree char *expected = g_strdup_printf(
        "AWSAccessKeyId=ASIA&Expires=7&Signature=%s&x-amz-security-token=to%%2Fk%%2Ben%%3D",
        encoded);
    g_autofree char *presigned = sm_v2_presign(&key, "/b/k", 7);

    g_assert_cmpstr(text, ==, "GET\n\n\n7\nx-amz-security-token:to/k+en=\n/b/k");
    g_assert_cmpstr(presigned, ==, expected);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/signature v2/signs the published query string example",
                    test_published_query_string);
    g_test_add_func("/signature v2/takes Content-Type and x-amz- headers in, and no others",
                    test_headers_take_part);
    g_test_add_func("/signature v2/takes the parameters in that say what is wanted",
                    test_parameters_take_part);
    g_test_add_func("/signature v2/takes the token of a temporary key in", test_token);
    return g_test_run();
}
