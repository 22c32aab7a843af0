/* Listings as they might come: what is used of them, and what is not. */
#include "fetch/rules/listing.h"

#include "common/base/error.h"

static char *
show(const SmListed *listed)
{
    return g_strdup_printf("%s|%s|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT "|%s|%" G_GINT64_FORMAT,
                           listed->name, listed->type != NULL ? listed->type : "-", listed->size,
                           listed->records, listed->delivered != NULL ? listed->delivered : "-",
                           listed->delivered_at);
}

/* Every file a line, then each name that cannot be used, after a '!'. */
static char *
read_listing(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmListing) listing = sm_listing_parse(text, strlen(text), &error);
    g_autoptr(GString) all = g_string_new(NULL);

    if (listing == NULL) {
        g_assert_error(error, SM_ERROR, SM_ERROR_SERVICE);
        return g_strdup("no listing");
    }
    for (guint i = 0; i < listing->files->len; i++) {
        g_autofree char *line = show(listing->files->pdata[i]);

        g_string_append_printf(all, "%s%s", all->len > 0 ? "\n" : "", line);
    }
    for (guint i = 0; i < listing->invalid->len; i++)
        g_string_append_printf(all, "%s!%s", all->len > 0 ? "\n" : "",
                               (char *)listing->invalid->pdata[i]);
    return g_string_free(g_steal_pointer(&all), FALSE);
}

#define ROW(members) "{\"files\":[{\"fileName\":\"a.csv\"" members "}]}"

static const struct {
    const char *title, *text, *shown;
} cases[] = {
    {"a whole row",
     ROW(",\"fileType\":\"Scores File\",\"fileSize\":123,\"recordCount\":7,\"deliveryDate\":"
         "\"2017-03-28T22:13:23-0000\",\"assessment\":\"SAT\""),
     "a.csv|Scores File|123|7|2017-03-28T22:13:23-0000|1490739203"},
    {"a name alone", ROW(""), "a.csv|-|-1|-1|-|0"},
    {"members that are null",
     ROW(",\"fileType\":null,\"fileSize\":null,\"recordCount\":null,\"deliveryDate\":null"),
     "a.csv|-|-1|-1|-|0"},
    {"numbers as strings", ROW(",\"fileSize\":\"123\",\"recordCount\":\" 7 \""),
     "a.csv|-|123|7|-|0"},
    {"numbers that are none", ROW(",\"fileSize\":-1,\"recordCount\":\"7a\""), "a.csv|-|-1|-1|-|0"},
    {"numbers with a fraction", ROW(",\"fileSize\":1.5,\"recordCount\":\"\""), "a.csv|-|-1|-1|-|0"},
    {"numbers beyond what a double tells apart", ROW(",\"fileSize\":1e300"), "a.csv|-|-1|-1|-|0"},
    {"members of another type", ROW(",\"fileType\":[1],\"fileSize\":{},\"deliveryDate\":17"),
     "a.csv|-|-1|-1|-|0"},
    {"members that nobody knows", ROW(",\"new\":{\"deep\":[1,2]}"), "a.csv|-|-1|-1|-|0"},
    {"an empty file", ROW(",\"fileSize\":0,\"recordCount\":0"), "a.csv|-|0|0|-|0"},
    {"a date without a zone", ROW(",\"deliveryDate\":\"2017-03-28T22:13:23\""),
     "a.csv|-|-1|-1|2017-03-28T22:13:23|1490739203"},
    {"a date that cannot be read", ROW(",\"deliveryDate\":\"March 28\""),
     "a.csv|-|-1|-1|March 28|0"},
    {"text that is not for a terminal", ROW(",\"fileType\":\"a\\u001b[2Jb\""),
     "a.csv|a?[2Jb|-1|-1|-|0"},
    {"no files", "{\"files\":[]}", ""},
    {"null for files", "{\"files\":null}", ""},
    {"files is missing", "{}", ""},
    {"an empty text for files", "{\"files\":\"\"}", ""},
    {"an empty object for files", "{\"files\": { } }", ""},
    {"one object for files", "{\"files\":{\"fileName\":\"a.csv\",\"fileSize\":1}}",
     "a.csv|-|1|-1|-|0"},
    {"an object that is no file for files", "{\"files\":{\"message\":\"a.csv\"}}",
     "!(a row without a name)"},
    {"a byte order mark, and blanks all over",
     "\xef\xbb\xbf \r\n{ \"x\" : [ ] ,\t\"files\" : [ {\"fileName\" : \"a.csv\"} , {} ] }\n",
     "a.csv|-|-1|-1|-|0\n!(a row without a name)"},
    {"brackets and quotes within texts",
     "{\"m\":\"]}\\\"[{\",\"files\":[{\"x\":\"\\\\\",\"y\":\"}]\",\"fileName\":\"a.csv\"}]}",
     "a.csv|-|-1|-1|-|0"},
    {"the first of two files members", "{\"files\":[],\"files\":[{\"fileName\":\"a.csv\"}]}", ""},
    {"files within another member", "{\"x\":{\"files\":[{\"fileName\":\"a.csv\"}]}}", ""},
    {"a row that is no JSON", "{\"files\":[{\"fileName\":},{\"fileName\":\"a.csv\"}]}",
     "a.csv|-|-1|-1|-|0\n!(a row without a name)"},
    {"a number that is none in JSON", ROW(",\"fileSize\":NaN,\"recordCount\":7"),
     "a.csv|-|-1|7|-|0"},
    {"half of a character",
     ROW(",\"assessment\":\"\\ud800\",\"fileType\":\"\\udc00\",\"fileSize\":1"),
     "a.csv|-|1|-1|-|0"},
    {"a bad escape in a member", ROW(",\"x\":\"\\x\",\"fileSize\":0x10,\"recordCount\":7"),
     "a.csv|-|-1|7|-|0"},
    {"half of a character in the name", "{\"files\":[{\"fileName\":\"a\\ud800.csv\"}]}",
     "!(a row without a name)"},
    {"the first of two names", ROW(",\"fileName\":\"b.csv\""), "a.csv|-|-1|-1|-|0"},
    {"files is something else", "{\"files\":\"none\"}", "no listing"},
    {"files is true", "{\"files\":true}", "no listing"},
    {"files is a number", "{\"files\":0}", "no listing"},
    {"two commas", "{\"files\":[{},,{}]}", "no listing"},
    {"no comma", "{\"files\":[{} {}]}", "no listing"},
    {"brackets that do not fit", "{\"files\":[{]}}", "no listing"},
    {"a member without a value", "{\"files\"}", "no listing"},
    {"a text without an end", "{\"files\":\"", "no listing"},
    {"a text that ends in a backslash", "{\"files\":[\"\\", "no listing"},
    {"an array", "[]", "no listing"},
    {"no JSON", "<html>", "no listing"},
    {"half of it", "{\"files\":[{\"fileName\":\"a.csv\"}", "no listing"},
    {"nothing", "", "no listing"},
    {"names that break the rules",
     "{\"files\":[{\"fileName\":\"../a.csv\"},{\"fileName\":\"b.csv\"},{\"fileName\":\"c\\n.csv\"},"
     "{\"fileName\":\"\"},{\"fileName\":null},{\"fileName\":5},{},7,null]}",
     "b.csv|-|-1|-1|-|0\n!../a.csv\n!c .csv\n!\n!(a row without a name)\n!(a row without a name)\n"
     "!(a row without a name)\n!(a row without a name)\n!(a row without a name)"},
    {"names of another extension are names", "{\"files\":[{\"fileName\":\"essay.zip\"}]}",
     "essay.zip|-|-1|-1|-|0"},
    {"names that differ in case are two",
     "{\"files\":[{\"fileName\":\"a.csv\"},{\"fileName\":\"A.csv\"}]}",
     "a.csv|-|-1|-1|-|0\nA.csv|-|-1|-1|-|0"},
    {"of two rows the later delivery counts",
     "{\"files\":[{\"fileName\":\"a.csv\",\"fileSize\":1,\"deliveryDate\":\"2017-01-01T00:00:00Z\"}"
     ","
     "{\"fileName\":\"b.csv\"},"
     "{\"fileName\":\"a.csv\",\"fileSize\":2,\"deliveryDate\":\"2017-01-02T00:00:00Z\"}]}",
     "a.csv|-|2|-1|2017-01-02T00:00:00Z|1483315200\nb.csv|-|-1|-1|-|0"},
    {"also where it comes first",
     "{\"files\":[{\"fileName\":\"a.csv\",\"fileSize\":2,\"deliveryDate\":\"2017-01-02T00:00:00Z\"}"
     ","
     "{\"fileName\":\"a.csv\",\"fileSize\":1,\"deliveryDate\":\"2017-01-01T00:00:00Z\"}]}",
     "a.csv|-|2|-1|2017-01-02T00:00:00Z|1483315200"},
};

static void
test_case(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autofree char *shown = read_listing(cases[i].text);

    g_assert_cmpstr(shown, ==, cases[i].shown);
}

static void
test_many_rows(void)
{
    enum { ROWS = 20000 };
    g_autoptr(GString) text = g_string_new("{\"files\":[");
    g_autoptr(SmListing) listing = NULL;

    for (int i = 0; i < ROWS; i++) /* every one of them twice */
        g_string_append_printf(text, "%s{\"fileName\":\"4300_%d.csv\",\"fileSize\":\"%d\"}",
                               i > 0 ? "," : "", i / 2, i / 2);
    g_string_append(text, "]}");
    listing = sm_listing_parse(text->str, text->len, NULL);
    g_assert_nonnull(listing);
    g_assert_cmpuint(listing->files->len, ==, ROWS / 2);
    g_assert_cmpuint(listing->repeated, ==, ROWS / 2);
    for (int i = 0; i < ROWS / 2; i++)
        g_assert_cmpint(((SmListed *)listing->files->pdata[i])->size, ==, i);
}

static void
test_too_many_rows(void)
{
    g_autoptr(GString) text = g_string_new("{\"files\":[");
    g_autoptr(SmListing) listing = NULL;

    for (int i = 0; i < SM_LISTING_MAX + 3; i++)
        g_string_append_printf(text, "{\"fileName\":\"4300_%d.csv\"},{},", i);
    g_string_append(text, "{\"fileName\":\"4300_0.csv\"}]}");
    listing = sm_listing_parse(text->str, text->len, NULL);
    g_assert_nonnull(listing);
    g_assert_cmpuint(listing->files->len, ==, SM_LISTING_MAX);
    g_assert_cmpuint(listing->left_out, ==, 3);
    g_assert_cmpuint(listing->repeated, ==, 1);
    g_assert_cmpuint(listing->invalid_count, ==, SM_LISTING_MAX + 3);
    g_assert_cmpuint(listing->invalid->len, ==, 20);
}

/* A row is as good as its name, however long the rest of it. */
static void
test_a_large_member(void)
{
    g_autofree char *large = g_strnfill(100 * 1024, 'x');
    g_autofree char *text = g_strdup_printf("{\"files\":[{\"x\":\"%s\",\"fileName\":\"a.csv\","
                                            "\"fileType\":\"%s\",\"fileSize\":1}]}",
                                            large, large);
    g_autofree char *shown = read_listing(text);

    g_assert_cmpstr(shown, ==, "a.csv|-|1|-1|-|0");
}

/* What is nested deeper than any listing ends the reading, not the stack. */
static void
test_deep_nesting(void)
{
    g_autoptr(GString) text = g_string_new("{\"x\":");

    for (int i = 0; i < 1000000; i++)
        g_string_append_c(text, '[');
    g_assert_null(sm_listing_parse(text->str, text->len, NULL));
}

static void
tells_a_message_from_no_files(void)
{
    static const char *const refused[] = {
        "{\"message\":\"Forbidden\"}",
        "{\"Message\":\"x\",\"x\":1}",
        "{\"errorMessage\":\"Task timed out\"}",
        "{\"error\":{\"code\":500}}",
    };
    static const char *const listings[] = {
        "{}",
        "{\"files\":null,\"message\":\"no files\"}",
        "{\"files\":[],\"error\":\"none\"}",
        "{\"message\":\"\"}",
        "{\"message\":null,\"error\":false}",
        "[]",
        "no JSON",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++)
        g_assert_true(sm_listing_is_refused(refused[i], strlen(refused[i])));
    for (gsize i = 0; i < G_N_ELEMENTS(listings); i++)
        g_assert_false(sm_listing_is_refused(listings[i], strlen(listings[i])));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/listing/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_case);
    }
    g_test_add_func("/listing/20,000 rows", test_many_rows);
    g_test_add_func("/listing/more than are kept", test_too_many_rows);
    g_test_add_func("/listing/a large member", test_a_large_member);
    g_test_add_func("/listing/a million brackets", test_deep_nesting);
    g_test_add_func("/listing/a message is no listing", tells_a_message_from_no_files);
    return g_test_run();
}
