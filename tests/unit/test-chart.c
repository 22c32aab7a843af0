/* Charts: what is drawn where, for values from none to very many, with the table behind. */
#include <string.h>

#include "fetch/report/chart.h"

static const char *const LABELS[] = {"Jan", "", "Feb"};
static const char *const SLOTS[] = {"one", "two", "<three>"};
static const char *const NAMES[] = {"now", "then & there", "else"};

static char *
draw(SmChartForm form, guint series, const gint64 *values)
{
    GString *to = g_string_new(NULL);
    const SmChart chart = {.form = form,
                           .id = "c",
                           .title = "A <title>",
                           .text = "Some \"words\"",
                           .slot_kind = "Slot",
                           .slots = 3,
                           .series = series,
                           .names = NAMES,
                           .values = values,
                           .labels = LABELS,
                           .slot_names = SLOTS};

    sm_chart_add(to, &chart);
    return g_string_free(to, FALSE);
}

static guint
count(const char *page, const char *text)
{
    guint times = 0;

    for (; (page = strstr(page, text)) != NULL; page++)
        times++;
    return times;
}

/* The number behind the first NAME=" after the first class. */
static double
number(const char *page, const char *class, const char *name)
{
    g_autofree char *start = g_strdup_printf("class=\"%s\"", class);
    g_autofree char *attribute = g_strdup_printf(" %s=\"", name);
    const char *at = strstr(page, start);

    g_assert(at != NULL);
    at = strstr(at, attribute);
    g_assert(at != NULL);
    return g_ascii_strtod(at + strlen(attribute), NULL);
}

static void
its_words_are_text_and_its_alternative(void)
{
    static const gint64 values[] = {1, 2, 3, 4, 0, 0};
    g_autofree char *page = draw(SM_CHART_COMPARED, 2, values);

    g_assert_nonnull(strstr(page, "role=\"img\" aria-labelledby=\"c-title c-text\">"
                                  "<title id=\"c-title\">A &lt;title&gt;</title>"
                                  "<desc id=\"c-text\">Some &quot;words&quot;</desc>"));
    g_assert_nonnull(strstr(page, "<title>&lt;three&gt;: now 0, then &amp; there 0</title>"));
    g_assert_null(strstr(page, "<three>"));
    g_assert_cmpuint(count(page, "class=\"x\""), ==, 1);
    g_assert_cmpuint(count(page, "class=\"x odd\""), ==, 1);
}

static void
the_table_has_each_value(void)
{
    static const gint64 values[] = {1, 2000, 3, 4, 0, 0};
    g_autofree char *page = draw(SM_CHART_COMPARED, 2, values);

    g_assert_nonnull(strstr(page, "<tr><th scope=\"row\">one</th><td class=\"n\">1</td>"
                                  "<td class=\"n\">2,000</td></tr>"));
    g_assert_cmpuint(count(page, "<td class=\"n\">"), ==, 6);
}

static void
bars_are_as_high_as_their_values(void)
{
    static const gint64 values[] = {4, 8, 2, 0, 0, 0};
    g_autofree char *page = draw(SM_CHART_COMPARED, 2, values);

    g_assert_cmpuint(count(page, "class=\"before s1\""), ==, 1 + 1); /* and the key's */
    g_assert_cmpuint(count(page, "class=\"bar s0\""), ==, 2 + 1);
    g_assert_cmpfloat(number(page, "before s1", "height"), ==, 180); /* 8 of 8 */
    g_assert_cmpfloat(number(page, "bar s0", "height"), ==, 90);
    g_assert_cmpfloat(number(page, "bar s0", "y"), ==, 102);
    g_assert_cmpfloat(number(page, "bar s0", "x"), ==, 8.33);
    g_assert_cmpfloat(number(page, "bar s0", "width"), ==, 16.66);
}

static void
a_stack_is_as_high_as_its_sum(void)
{
    static const gint64 values[] = {1, 2, 1, 0, 0, 0, 0, 0, 0};
    g_autofree char *page = draw(SM_CHART_STACKED, 3, values);

    g_assert_cmpfloat(number(page, "bar s0", "height"), ==, 45);
    g_assert_cmpfloat(number(page, "bar s0", "y"), ==, 147);
    g_assert_cmpfloat(number(page, "bar s1", "y"), ==, 57);
    g_assert_cmpfloat(number(page, "bar s2", "y"), ==, 12);
}

static void
any_count_fits(void)
{
    static const gint64 most[] = {0, 1, 3, 5, 6, 99, 100, 101, 100000, 123456789};

    for (gsize i = 0; i < G_N_ELEMENTS(most); i++) {
        const gint64 values[] = {most[i], 0, 0, 0, 0, 0};
        g_autofree char *page = draw(SM_CHART_COMPARED, 2, values);
        guint ticks = count(page, "class=\"grid\"");

        g_assert_cmpuint(ticks, >=, 2);
        g_assert_cmpuint(ticks, <=, 5);
        if (most[i] > 0)
            g_assert_cmpfloat(number(page, "bar s0", "y"), >=, 12);
    }
}

static void
spans_from_seconds_to_years(void)
{
    static const gint64 values[] = {60, 600, -1, -1, 0, G_MAXINT32};
    static const gint64 quick[] = {0, 1, -1, -1, -1, -1}, none[] = {-1, -1, -1, -1, -1, -1};
    g_autofree char *page = draw(SM_CHART_SPANS, 2, values);
    g_autofree char *short_page = draw(SM_CHART_SPANS, 2, quick);
    g_autofree char *empty_page = draw(SM_CHART_SPANS, 2, none);

    g_assert_cmpuint(count(page, "class=\"dot\""), ==, 2 + 1);
    g_assert_cmpuint(count(page, "class=\"grid\""), ==, 10);
    g_assert_cmpfloat(number(page, "dot", "cy"), ==, 172); /* the second of ten lines */
    g_assert_cmpfloat(number(page, "ring", "cy"), ==, 152);
    g_assert_nonnull(strstr(page, "<td class=\"n\">none</td>"));
    g_assert_cmpuint(count(short_page, "class=\"grid\""), ==, 4);
    g_assert_cmpuint(count(empty_page, "class=\"dot\""), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chart/words", its_words_are_text_and_its_alternative);
    g_test_add_func("/chart/table", the_table_has_each_value);
    g_test_add_func("/chart/bars", bars_are_as_high_as_their_values);
    g_test_add_func("/chart/stack", a_stack_is_as_high_as_its_sum);
    g_test_add_func("/chart/counts", any_count_fits);
    g_test_add_func("/chart/spans", spans_from_seconds_to_years);
    return g_test_run();
}
