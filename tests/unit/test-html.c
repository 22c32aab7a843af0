/* Text in a page: whatever it is, it stays text. */
#include <string.h>

#include "common/base/text.h"
#include "fetch/report/html.h"

static void
assert_html(const char *text, const char *expected)
{
    GString *to = g_string_new(NULL);

    sm_html_add(to, "<p title=\"%s\">%s</p>", text, text);
    g_autofree char *whole = g_strdup_printf("<p title=\"%s\">%s</p>", expected, expected);
    g_assert_cmpstr(to->str, ==, whole);
    g_string_free(to, TRUE);
}

static void
text_is_no_markup(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a.csv", "a.csv"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\" onload=\"x", "&quot; onload=&quot;x"},
        {"' x='", "&apos; x=&apos;"},
        {"&lt;b&gt; &#60;", "&amp;lt;b&amp;gt; &amp;#60;"},
        {"</title></style>-->", "&lt;/title&gt;&lt;/style&gt;--&gt;"},
        {"a\nb\tc", "a b c"},
        {"a\x1b[31mb\x07", "a?[31mb?"},
        {"a\xe2\x80\xae"
         "vsc.b",
         "a?vsc.b"}, /* right to left */
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xff\xfe"
         "a\xc3",
         "?a?"}, /* not UTF-8, and cut off */
        {"%s%d%n", "%s%d%n"},
        {NULL, ""},
        {"", ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_html(cases[i].text, cases[i].expected);
}

static void
numbers_are_what_they_are(void)
{
    GString *to = g_string_new(NULL);

    sm_html_add(to, "%d %" G_GINT64_FORMAT " 100%% %s", -3, G_MAXINT64, "x");
    g_assert_cmpstr(to->str, ==, "-3 9223372036854775807 100% x");
    g_string_free(to, TRUE);
}

static void
long_text_is_cut_at_a_letter(void)
{
    GString *to = g_string_new(NULL);
    g_autofree char *text = g_strnfill(5000, 'x');

    memcpy(text + 1999, "\xc3\xa9", 2);
    sm_html_add(to, "%s", text);
    g_assert_cmpuint(to->len, ==, 1999);
    g_string_free(to, TRUE);
}

static void
assert_takes(char *text, const char *expected)
{
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void
numbers_have_commas(void)
{
    assert_takes(sm_html_number(0), "0");
    assert_takes(sm_html_number(999), "999");
    assert_takes(sm_html_number(1000), "1,000");
    assert_takes(sm_html_number(1234567), "1,234,567");
    assert_takes(sm_html_number(-123), "-123");
    assert_takes(sm_html_number(-1234), "-1,234");
    assert_takes(sm_html_count(1, "file"), "1 file");
    assert_takes(sm_html_count(0, "file"), "0 files");
    assert_takes(sm_html_count(2000, "file"), "2,000 files");
}

static void
spans_have_two_units(void)
{
    assert_takes(sm_html_span(0), "0 s");
    assert_takes(sm_html_span(59), "59 s");
    assert_takes(sm_html_span(60), "1 min");
    assert_takes(sm_html_span(3599), "59 min");
    assert_takes(sm_html_span(3600), "1 h");
    assert_takes(sm_html_span(7800), "2 h 10 min");
    assert_takes(sm_html_span(86400), "1 day");
    assert_takes(sm_html_span(90000), "1 day 1 h");
    assert_takes(sm_html_span(3 * 86400 + 4 * 3600 + 59), "3 days 4 h");
}

static void
times_are_local_and_in_utc(void)
{
    GString *to = g_string_new(NULL);

    sm_html_add_time(to, 1795971600, sm_text_time);
    sm_html_add_time(to, 1795926600, sm_text_day); /* 23:30 of the day before */
    sm_html_add_time(to, 0, sm_text_time);
    g_assert_cmpstr(to->str, ==,
                    "<time datetime=\"2026-11-29T17:00:00Z\">2026-11-29 12:00</time>"
                    "<time datetime=\"2026-11-29T04:30:00Z\">2026-11-28</time>never");
    g_string_free(to, TRUE);
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "EST5EDT,M3.2.0/2,M11.1.0/2", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/html/text", text_is_no_markup);
    g_test_add_func("/html/form", numbers_are_what_they_are);
    g_test_add_func("/html/long", long_text_is_cut_at_a_letter);
    g_test_add_func("/html/number", numbers_have_commas);
    g_test_add_func("/html/span", spans_have_two_units);
    g_test_add_func("/html/time", times_are_local_and_in_utc);
    return g_test_run();
}
