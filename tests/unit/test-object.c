/* What the headers of an object store's answer mean. */
#include "fetch/rules/object.h"

#include <string.h>

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

    g_assert_cmpint(sm_etag_is_strong(cases[i].etag), ==, cases[i].strong);
    g_assert_cmpint(sm_etag_md5(cases[i].etag, &md5), ==, cases[i].md5 != NULL);
    g_assert_cmpstr(md5, ==, cases[i].md5);
    g_assert_cmpint(sm_etag_md5(cases[i].etag, NULL), ==, cases[i].md5 != NULL);
}

static const struct {
    const char *title;
    const char *etag;
    const char *encryption;
    const char *customer;
    SmEtagKind kind;
} kinds[] = {
    {"no word of encryption", "\"" MD5 "\"", NULL, NULL, SM_ETAG_PERHAPS},
    {"an empty word of encryption", "\"" MD5 "\"", "", NULL, SM_ETAG_PERHAPS},
    {"S3's own key", "\"" MD5 "\"", "AES256", NULL, SM_ETAG_MD5},
    {"a key of KMS", "\"" MD5 "\"", "aws:kms", NULL, SM_ETAG_OPAQUE},
    {"a key of KMS, twice", "\"" MD5 "\"", "aws:kms:dsse", NULL, SM_ETAG_OPAQUE},
    {"an encryption to come", "\"" MD5 "\"", "aws:fsx", NULL, SM_ETAG_OPAQUE},
    {"a customer's key", "\"" MD5 "\"", NULL, "AES256", SM_ETAG_OPAQUE},
    {"a customer's key beside S3's own", "\"" MD5 "\"", "AES256", "AES256", SM_ETAG_OPAQUE},
    {"an upload in parts", "\"" MD5 "-2\"", "AES256", NULL, SM_ETAG_OPAQUE},
    {"no ETag", NULL, "AES256", NULL, SM_ETAG_OPAQUE},
};

static void
tells_how_far_an_etag_is_an_md5(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    g_assert_cmpint(sm_etag_kind(kinds[i].etag, kinds[i].encryption, kinds[i].customer), ==,
                    kinds[i].kind);
}

static void
knows_words_that_encode_nothing(void)
{
    static const char *const plain[] = {
        NULL,
        "",
        "identity",
        "Identity",
        " identity ",
        "UTF-8",
        "utf-8",
        "utf8",
        "binary",
        "none",
        "null",
        "7bit",
        "8bit",
        ",",
        "iso-8859-1",
        "US-ASCII",
        "aws-chunked",
        "aws-chunked,",
        "aws-chunked, identity",
        "windows-1252",
        "AWS-Chunked,UTF-8",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        g_assert_null(sm_object_coding(plain[i]));
}

static void
names_the_coding(void)
{
    static const struct {
        const char *value, *coding;
    } coded[] = {
        {"gzip", "gzip"},           {"GZIP", "GZIP"},
        {"x-gzip", "x-gzip"},       {"br", "br"},
        {"zstd", "zstd"},           {"deflate", "deflate"},
        {"compress", "compress"},   {"aws-chunked,gzip", "gzip"},
        {"identity, gzip", "gzip"}, {"gzip, aws-chunked", "gzip"},
        {"base64", "base64"},       {"aes128gcm", "aes128gcm"},
        {"../UTF-8", "../UTF-8"},   {"a\nb", "a b"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(coded); i++) {
        g_autofree char *coding = sm_object_coding(coded[i].value);

        g_assert_cmpstr(coding, ==, coded[i].coding);
    }
}

static void
demands_one_length(void)
{
    static const char *const sound[] = {"0", "1850", "1850, 1850", "1850,1850 , 1850"};
    static const char *const unsound[] = {NULL, "",          "0x10",   "-1",       "1850 bytes",
                                          "+5", "1850, 185", "1850, ", "1850, 0x", "18.5"};

    for (gsize i = 0; i < G_N_ELEMENTS(sound); i++)
        g_assert_true(sm_object_length_is_sound(sound[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(unsound); i++)
        g_assert_false(sm_object_length_is_sound(unsound[i]));
}

static void
sees_errors_by_their_first_byte(void)
{
    static const struct {
        int first;
        const char *name;
        gboolean mistaken;
    } objects[] = {
        {'<', "4300.csv", TRUE},  {'<', "4300.TXT", TRUE},   {'<', "essays.zip", TRUE},
        {'<', "4300.xml", FALSE}, {'<', "4300.HTM", FALSE},  {'{', "4300.xml", TRUE},
        {'{', "4300.csv", TRUE},  {'{', "4300.Json", FALSE}, {'<', "4300.json", TRUE},
        {'"', "4300.csv", FALSE}, {-1, "4300.csv", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(objects); i++)
        g_assert_true((sm_object_mistake(objects[i].first, objects[i].name) != NULL) ==
                      objects[i].mistaken);
}

static void
sees_frames(void)
{
    static const struct {
        const char *bytes;
        gboolean framed;
    } heads[] = {
        {"1a4;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9\r\n", TRUE},
        {"10000\r\nID,NAME", TRUE},
        {"0\r\n\r\n", TRUE},
        {"", FALSE},
        {"abc", FALSE},
        {"ID,NAME\r\n", FALSE},
        {"123456789,Student\r\n", FALSE},
        {"123;456\r\n", FALSE},
        {"\r\n", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++)
        g_assert_cmpint(sm_object_is_framed(heads[i].bytes, strlen(heads[i].bytes)), ==,
                        heads[i].framed);
}

static void
knows_nothing_at_first(void)
{
    const SmAccount account = {.name = (char *)"main"};
    const SmShared shared = {0};
    g_autoptr(SmTransfer) transfer = sm_transfer_new(&account, &shared, NULL, NULL);
    const SmTransferState *facts = sm_transfer_state(transfer);

    g_assert_cmpint(facts->total, ==, -1);
    g_assert_cmpint(facts->listed, ==, -1);
    g_assert_null(facts->etag);
    g_assert_false(facts->unchanged);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/object/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), tells);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = g_strconcat("/object/", kinds[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), tells_how_far_an_etag_is_an_md5);
    }
    g_test_add_func("/object/words that encode nothing", knows_words_that_encode_nothing);
    g_test_add_func("/object/names the coding", names_the_coding);
    g_test_add_func("/object/sees errors by their first byte", sees_errors_by_their_first_byte);
    g_test_add_func("/object/sees frames", sees_frames);
    g_test_add_func("/object/length", demands_one_length);
    g_test_add_func("/object/knows nothing at first", knows_nothing_at_first);
    return g_test_run();
}
