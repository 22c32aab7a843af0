#include "fetch/report/chart.h"

#include "fetch/report/html.h"

/* In CSS pixels, downwards. */
enum { TOP = 12, BOTTOM = 192, HEIGHT = 216, LABEL_AT = 210, TICKS_MAX = 10 };

/* What is written at the left, from the bottom up, in equal distances. */
typedef struct {
    gint64 at[TICKS_MAX];
    guint count;
} Scale;

static gint64
value_of(const SmChart *chart, guint slot, guint series)
{
    return chart->values[slot * chart->series + series];
}

/* The largest value that has to be shown. */
static gint64
largest(const SmChart *chart)
{
    gint64 most = 0;

    for (guint slot = 0; slot < chart->slots; slot++) {
        gint64 sum = 0;

        for (guint series = 0; series < chart->series; series++) {
            gint64 value = MAX(value_of(chart, slot, series), 0);

            sum = chart->form == SM_CHART_STACKED ? sum + value : MAX(sum, value);
        }
        most = MAX(most, sum);
    }
    return most;
}

static void
add_tick(Scale *scale, gint64 at)
{
    scale->at[scale->count++] = at;
}

/* At most four steps of 1, 2, 5, 10, 20, 50 ... */
static void
scale_counts(Scale *scale, gint64 most)
{
    gint64 step = 1;

    for (int i = 0; step * 4 < most; i++)
        step = i % 3 == 1 ? step / 2 * 5 : step * 2;
    scale->count = 0;
    for (gint64 at = 0; at < MAX(most, 1) + step; at += step)
        add_tick(scale, at);
}

/* From a minute to years: each step is some times the one before. */
static void
scale_spans(Scale *scale, gint64 most)
{
    static const gint64 steps[TICKS_MAX] = {
        0, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400, 3650 * 86400};

    scale->count = 0;
    while (scale->count < 4 || (scale->count < TICKS_MAX && scale->at[scale->count - 1] < most))
        add_tick(scale, steps[scale->count]);
}

/* Where a value is, in hundredths of a pixel. */
static int
height_of(const Scale *scale, gint64 value)
{
    guint above = 1;
    double part;

    while (above + 1 < scale->count && value > scale->at[above])
        above++;
    part =
        (double)(value - scale->at[above - 1]) / (double)(scale->at[above] - scale->at[above - 1]);
    return 100 * BOTTOM -
           (int)(100 * (BOTTOM - TOP) * (above - 1 + MIN(part, 1)) / (scale->count - 1));
}

/* Caller frees. */
static char *
value_text(const SmChart *chart, gint64 value)
{
    if (value < 0)
        return g_strdup("none");
    return chart->form == SM_CHART_SPANS ? sm_html_span(value) : sm_html_number(value);
}

static void
add_scale(GString *to, const SmChart *chart, const Scale *scale)
{
    for (guint i = 0; i < scale->count; i++) {
        int y = BOTTOM - (int)i * (BOTTOM - TOP) / (int)(scale->count - 1);
        g_autofree char *text = value_text(chart, scale->at[i]);

        sm_html_add(to,
                    "<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>"
                    "<text class=\"y\" x=\"-6\" y=\"%d\">%s</text>",
                    y, y, y + 4, text);
    }
}

/* ` NAME="12.34%"`: so many thousandths of slot's width behind its begin. */
static void
add_across(GString *to, const SmChart *chart, const char *name, gint64 thousandths)
{
    int at = (int)(10 * thousandths / chart->slots);

    g_string_append_printf(to, " %s=\"%d.%02d%%\"", name, at / 100, at % 100);
}

/* A bar of so many thousandths of a slot's width, between two heights. */
static void
add_bar(GString *to, const SmChart *chart, guint slot, guint series, const int ends[2])
{
    int width = chart->form == SM_CHART_STACKED ? 700 : series == 0 ? 500 : 900;

    if (ends[0] <= ends[1])
        return;
    sm_html_add(to, "<rect class=\"%s s%d\"",
                chart->form == SM_CHART_COMPARED && series == 1 ? "before" : "bar", (int)series);
    add_across(to, chart, "x", 1000 * (gint64)slot + (1000 - width) / 2);
    add_across(to, chart, "width", width);
    g_string_append_printf(to, " y=\"%d.%02d\" height=\"%d.%02d\"/>", ends[1] / 100, ends[1] % 100,
                           (ends[0] - ends[1]) / 100, (ends[0] - ends[1]) % 100);
}

static void
add_bars(GString *to, const SmChart *chart, const Scale *scale, guint slot)
{
    gint64 below = 0;

    for (guint i = 0; i < chart->series; i++) {
        /* What is in front comes last. */
        guint series = chart->form == SM_CHART_COMPARED ? chart->series - 1 - i : i;
        gint64 value = MAX(value_of(chart, slot, series), 0);
        int ends[2] = {height_of(scale, below), height_of(scale, below + value)};

        add_bar(to, chart, slot, series, ends);
        if (chart->form == SM_CHART_STACKED)
            below += value;
    }
}

static void
add_span(GString *to, const SmChart *chart, const Scale *scale, guint slot)
{
    gint64 middle = 1000 * (gint64)slot + 500;
    int y[2];

    if (value_of(chart, slot, 0) < 0)
        return;
    for (guint i = 0; i < 2; i++)
        y[i] = height_of(scale, value_of(chart, slot, i));
    sm_html_add(to, "<line class=\"span\"");
    add_across(to, chart, "x1", middle);
    add_across(to, chart, "x2", middle);
    sm_html_add(to, " y1=\"%d\" y2=\"%d\"/>", y[0] / 100, y[1] / 100);
    for (int i = 1; i >= 0; i--) {
        sm_html_add(to, "<circle class=\"%s\" r=\"%d\"", i == 0 ? "dot" : "ring", i == 0 ? 5 : 4);
        add_across(to, chart, "cx", middle);
        sm_html_add(to, " cy=\"%d\"/>", y[i] / 100);
    }
}

/* What the mouse shows: "2026-03-02: this year 14, the year before 9". */
static void
add_tip(GString *to, const SmChart *chart, guint slot)
{
    sm_html_add(to, "<title>%s:", chart->slot_names[slot]);
    for (guint i = 0; i < chart->series; i++) {
        g_autofree char *text = value_text(chart, value_of(chart, slot, i));

        sm_html_add(to, "%s %s %s", i > 0 ? "," : "", chart->names[i], text);
    }
    sm_html_add(to, "</title><rect class=\"hit\" y=\"%d\" height=\"%d\"", TOP, BOTTOM - TOP);
    add_across(to, chart, "x", 1000 * (gint64)slot);
    add_across(to, chart, "width", 1000);
    sm_html_add(to, "/>");
}

static void
add_slots(GString *to, const SmChart *chart, const Scale *scale)
{
    guint labels = 0;

    for (guint slot = 0; slot < chart->slots; slot++) {
        sm_html_add(to, "<g class=\"slot\">");
        add_tip(to, chart, slot);
        if (chart->form == SM_CHART_SPANS)
            add_span(to, chart, scale, slot);
        else
            add_bars(to, chart, scale, slot);
        sm_html_add(to, "</g>\n");
    }
    for (guint slot = 0; slot < chart->slots; slot++)
        if (*chart->labels[slot] != '\0') {
            sm_html_add(to, "<text class=\"x%s\" y=\"%d\"", labels++ % 2 == 1 ? " odd" : "",
                        LABEL_AT);
            add_across(to, chart, "x", 1000 * (gint64)slot + 500);
            sm_html_add(to, ">%s</text>", chart->labels[slot]);
        }
}

static void
add_key(GString *to, const SmChart *chart)
{
    sm_html_add(to, "<ul class=\"key\">");
    for (guint i = 0; i < chart->series; i++) {
        sm_html_add(to,
                    "<li><svg class=\"swatch\" width=\"14\" height=\"14\" aria-hidden=\"true\">");
        if (chart->form == SM_CHART_SPANS)
            sm_html_add(to, "<circle class=\"%s\" cx=\"7\" cy=\"7\" r=\"%d\"/>",
                        i == 0 ? "dot" : "ring", i == 0 ? 5 : 4);
        else
            sm_html_add(to, "<rect class=\"%s s%d\" x=\"1\" y=\"1\" width=\"12\" height=\"12\"/>",
                        chart->form == SM_CHART_COMPARED && i == 1 ? "before" : "bar", (int)i);
        sm_html_add(to, "</svg> %s</li>", chart->names[i]);
    }
    sm_html_add(to, "</ul>\n");
}

static void
add_table(GString *to, const SmChart *chart)
{
    sm_html_add(to,
                "<details><summary>%s: as a table</summary><table><thead><tr>"
                "<th scope=\"col\">%s</th>",
                chart->title, chart->slot_kind);
    for (guint i = 0; i < chart->series; i++)
        sm_html_add(to, "<th scope=\"col\" class=\"n\">%s</th>", chart->names[i]);
    sm_html_add(to, "</tr></thead><tbody>\n");
    for (guint slot = 0; slot < chart->slots; slot++) {
        sm_html_add(to, "<tr><th scope=\"row\">%s</th>", chart->slot_names[slot]);
        for (guint i = 0; i < chart->series; i++) {
            g_autofree char *text = value_text(chart, value_of(chart, slot, i));

            sm_html_add(to, "<td class=\"n\">%s</td>", text);
        }
        sm_html_add(to, "</tr>\n");
    }
    sm_html_add(to, "</tbody></table></details>\n");
}

void
sm_chart_add(GString *to, const SmChart *chart)
{
    Scale scale;

    if (chart->form == SM_CHART_SPANS)
        scale_spans(&scale, largest(chart));
    else
        scale_counts(&scale, largest(chart));
    sm_html_add(to,
                "<figure>\n<svg class=\"chart\" height=\"%d\" role=\"img\""
                " aria-labelledby=\"%s-title %s-text\"><title id=\"%s-title\">%s</title>"
                "<desc id=\"%s-text\">%s</desc>\n",
                HEIGHT, chart->id, chart->id, chart->id, chart->title, chart->id, chart->text);
    add_scale(to, chart, &scale);
    add_slots(to, chart, &scale);
    sm_html_add(to, "</svg>\n");
    add_key(to, chart);
    add_table(to, chart);
    sm_html_add(to, "</figure>\n");
}
