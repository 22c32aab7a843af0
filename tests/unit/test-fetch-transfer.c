/* What an ETag tells: whether ranges may be put together by it, and whether it is an MD5. */
#include "fetch/job/transfer.h"

#define MD5 "900150983cd24fb0d6963f7d28e17f72"

static const struct {
    const char *title;
    const char *etag;
    gboolean strong;
    const char *md5; /* NULL: it is none */
} cases[] = {
    {"an MD5 in quotes", "\"" MD5 "\"", TRUE, MD5},
    {"an MD5 in capitals", "\"900150983CD24FB0D6963F7D28E17F72\"", TRUE, MD5},
    {"a multipart upload's", "\"" MD5 "-2\"", TRUE, NULL},
    {"a weak one", "W/\"" MD5 "\"", FALSE, NULL},
    {"a weak one in the small", "w/\"x\"", FALSE, NULL},
    {"an MD5 without quotes", MD5, FALSE, NULL},
    {"a letter that is no digit",
     "\"90015098g"
     "cd24fb0d6963f7d28e17f72\"",
     TRUE, NULL},
    {"one digit too few", "\"00150983cd24fb0d6963f7d28e17f72\"", TRUE, NULL},
    {"one digit too many", "\"0" MD5 "\"", TRUE, NULL},
    {"an opaque one", "\"v1\"", TRUE, NULL},
    {"an empty one", "\"\"", TRUE, NULL},
    {"an empty text", "", FALSE, NULL},
    {"none", NULL, FALSE, NULL},
};

static void
tells(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *md5 = NULL;

    g_assert_cmpint(sm_transfer_is_strong(cases[i].etag), ==, cases[i].strong);
    g_assert_cmpint(sm_transfer_etag_md5(cases[i].etag, &md5), ==, cases[i].md5 != NULL);
    g_assert_cmpstr(md5, ==, cases[i].md5);
    g_assert_cmpint(sm_transfer_etag_md5(cases[i].etag, NULL), ==, cases[i].md5 != NULL);
}

static void
knows_nothing_at_first(void)
{
    const SmAccount account = {.name = (char *)"main"};
    g_autoptr(SmTransfer) transfer = sm_transfer_new(&account, NULL, NULL, NULL);
    const SmTransferFacts *facts = sm_transfer_facts(transfer);

    g_assert_cmpint(facts->total, ==, -1);
    g_assert_null(facts->etag);
    g_assert_false(facts->unchanged);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/fetch-transfer/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), tells);
    }
    g_test_add_func("/fetch-transfer/knows nothing at first", knows_nothing_at_first);
    return g_test_run();
}
