/* Signature Version 2 against the examples of Amazon's own documentation (REST authentication). */
#include <glib.h>

#include "emulator/s3/sign-v2.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

/* "Query string request authentication alternative": johnsmith's puppy. */
static void
test_published_query_string(void)
{
    g_autofree char *text =
        sm_v2_string_to_sign("GET", NULL, 1175139620, "/johnsmith/photos/puppy.jpg");
    g_autofree char *signature = sm_v2_signature(SECRET, text);
    g_autofree char *query =
        sm_v2_presign("AKIAIOSFODNN7EXAMPLE", SECRET, "/johnsmith/photos/puppy.jpg", 1175139620);

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
    g_autofree char *text = NULL;

    g_hash_table_insert(headers, (gpointer) "content-type", (gpointer) "application/json");
    g_hash_table_insert(headers, (gpointer) "x-amz-meta-b", (gpointer) "2");
    g_hash_table_insert(headers, (gpointer) "x-amz-meta-a", (gpointer) "1");
    g_hash_table_insert(headers, (gpointer) "user-agent", (gpointer) "test");
    text = sm_v2_string_to_sign("GET", headers, 7, "/b/k");
    g_assert_cmpstr(text, ==, "GET\n\napplication/json\n7\nx-amz-meta-a:1\nx-amz-meta-b:2\n/b/k");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/signature v2/signs the published query string example",
                    test_published_query_string);
    g_test_add_func("/signature v2/takes Content-Type and x-amz- headers in, and no others",
                    test_headers_take_part);
    return g_test_run();
}
