#include "fetch/report/sections.h"

#include "common/base/text.h"
#include "fetch/report/calendar.h"
#include "fetch/report/chart.h"
#include "fetch/report/html.h"

/* A section with that id: the chart's title, its text and the chart itself. */
static void
add_section(GString *to, const char *id, SmChart chart)
{
    g_autofree char *chart_id = g_strdup_printf("chart-%s", id);

    chart.id = chart_id;
    sm_html_add(to, "<section aria-labelledby=\"%s\"><h2 id=\"%s\">%s</h2>\n<p>%s</p>\n", id, id,
                chart.title, chart.text);
    sm_chart_add(to, &chart);
    sm_html_add(to, "</section>\n");
}

/* The month where one begins, and in the first week if the next is far enough. */
static const char *
week_label(const SmOverview *overview, int week)
{
    const char *month = sm_calendar_month_name(overview->weeks[week].from, overview->zone);
    const char *other =
        sm_calendar_month_name(overview->weeks[week > 0 ? week - 1 : 2].from, overview->zone);

    return g_str_equal(month, other) == (week == 0) ? month : "";
}

/* Caller frees. */
static char *
compare(const SmOverview *overview)
{
    gint64 now = overview->season, before = overview->season_before;
    gint64 difference = ABS(now - before);
    g_autofree char *files = sm_html_count(now, "file");
    g_autofree char *day = sm_text_day(overview->season_from);
    g_autofree char *than = sm_html_number(before);
    g_autofree char *number = sm_html_number(difference);

    if (difference == 0)
        return g_strdup_printf("%s since %s, as many as by this time a year before.", files, day);
    return g_strdup_printf("%s since %s; by this time a year before there were %s, %s %s.", files,
                           day, than, number, now > before ? "fewer" : "more");
}

void
sm_trends_weeks(GString *to, const SmOverview *overview)
{
    static const char *const names[] = {"the last 52 weeks", "the 52 weeks before"};
    gint64 values[2 * SM_OVERVIEW_WEEKS];
    const char *labels[SM_OVERVIEW_WEEKS];
    g_auto(GStrv) weeks = g_new0(char *, SM_OVERVIEW_WEEKS + 1);
    g_autofree char *sentence = compare(overview);

    for (int i = 0; i < SM_OVERVIEW_WEEKS; i++) {
        const SmOverviewWeek *week = &overview->weeks[i];
        g_autofree char *day = sm_text_day(week->from);

        values[2 * i] = week->files;
        values[2 * i + 1] = week->files_before;
        labels[i] = week_label(overview, i);
        weeks[i] = g_strdup_printf("Week of %s", day);
    }
    add_section(to, "weeks",
                (SmChart){.form = SM_CHART_COMPARED,
                          .title = "Files per week",
                          .text = sentence,
                          .slot_kind = "Monday",
                          .slots = SM_OVERVIEW_WEEKS,
                          .series = 2,
                          .names = names,
                          .values = values,
                          .labels = labels,
                          .slot_names = (const char *const *)weeks});
}

/* The words at the slots of a chart by months. */
typedef struct {
    const char *labels[SM_OVERVIEW_MONTHS], *const *names;
} Months;

/* Caller frees. */
static char *
describe_delay(const SmOverview *overview)
{
    const SmOverviewDelay *delay = &overview->delay;
    g_autofree char *median = sm_html_span(delay->median);
    g_autofree char *slowest = sm_html_span(delay->slowest);

    if (delay->files == 0)
        return g_strdup("No file of the last 12 months has a delivery date: only the service's"
                        " listing tells it, which scorefetch sync reads.");
    return g_strdup_printf("Half of the files were stored within %s of their delivery date. The"
                           " slowest took %s: %s.",
                           median, slowest, delay->slowest_name);
}

static void
add_delays(GString *to, const SmOverview *overview, const Months *months)
{
    static const char *const names[] = {"median", "slowest"};
    gint64 values[2 * SM_OVERVIEW_MONTHS];
    g_autofree char *sentence = describe_delay(overview);

    for (int i = 0; i < SM_OVERVIEW_MONTHS; i++) {
        const SmOverviewDelay *delay = &overview->months[i].delay;

        values[2 * i] = delay->files > 0 ? delay->median : -1;
        values[2 * i + 1] = delay->files > 0 ? delay->slowest : -1;
    }
    add_section(to, "delays",
                (SmChart){.form = SM_CHART_SPANS,
                          .title = "Time from delivery to stored",
                          .text = sentence,
                          .slot_kind = "Month",
                          .slots = SM_OVERVIEW_MONTHS,
                          .series = 2,
                          .names = names,
                          .values = values,
                          .labels = months->labels,
                          .slot_names = months->names});
}

static void
add_ways(GString *to, const SmOverview *overview, const Months *months)
{
    static const char *const words[SM_WAY_N] = {"by mail", "by sync", "by hand"};
    gint64 values[SM_WAY_N * SM_OVERVIEW_MONTHS], sums[SM_WAY_N] = {0};
    char *names[SM_WAY_N];
    g_autofree char *sentence = NULL;

    for (int i = 0; i < SM_WAY_N * SM_OVERVIEW_MONTHS; i++) {
        values[i] = overview->months[i / SM_WAY_N].ways[i % SM_WAY_N];
        sums[i % SM_WAY_N] += values[i];
    }
    for (int way = 0; way < SM_WAY_N; way++) {
        g_autofree char *number = sm_html_number(sums[way]);

        names[way] = g_strdup_printf("%s: %s", words[way], number);
    }
    sentence = g_strdup_printf("In the last 12 months: %s, %s, %s.", names[0], names[1], names[2]);
    add_section(to, "ways",
                (SmChart){.form = SM_CHART_STACKED,
                          .title = "How files came",
                          .text = sentence,
                          .slot_kind = "Month",
                          .slots = SM_OVERVIEW_MONTHS,
                          .series = SM_WAY_N,
                          .names = words,
                          .values = values,
                          .labels = months->labels,
                          .slot_names = months->names});
    for (int way = 0; way < SM_WAY_N; way++)
        g_free(names[way]);
}

void
sm_trends_months(GString *to, const SmOverview *overview)
{
    g_auto(GStrv) names = g_new0(char *, SM_OVERVIEW_MONTHS + 1);
    Months months = {.names = (const char *const *)names};

    for (int i = 0; i < SM_OVERVIEW_MONTHS; i++) {
        g_autofree char *day = sm_text_day(overview->months[i].from);

        months.labels[i] = sm_calendar_month_name(overview->months[i].from, overview->zone);
        names[i] = g_strdup_printf("%s %.4s", months.labels[i], day);
    }
    sm_html_add(to, "<div class=\"pair\">\n");
    add_delays(to, overview, &months);
    add_ways(to, overview, &months);
    sm_html_add(to, "</div>\n");
}
