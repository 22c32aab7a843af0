#include "fetch/report/page.h"

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/alert/text.h"
#include "fetch/report/calendar.h"
#include "fetch/report/html.h"

enum {
    NEWEST = 10,
    OPEN = 20,
    CONCERNS = 10,
    COLUMNS_MAX = 6,
    TEXT_MAX = 2000, /* bytes */
};

#define TABLE_END "</table>\n"
#define CELL "padding:3px 12px 3px 0;text-align:left;vertical-align:top"

/* Both parts, which say the same. */
typedef struct {
    GString *text, *html;
} Parts;

/* "Scores: 12 files this week, nothing waiting". Caller frees. */
static char *
subject_of(const SmOverview *overview)
{
    SmLevel level = sm_verdict_level(overview->concerns);
    SmTotals sum = sm_survey_sum(overview->survey, TRUE); /* nobody is to act for the others */
    gint64 waits = sm_totals_waiting(&sum), fails = sm_totals_failed(&sum);
    g_autofree char *week = sm_html_count(overview->week, "file");
    g_autofree char *failed = sm_html_count(fails, "file");
    g_autofree char *waiting = waits > 0 ? sm_html_number(waits) : g_strdup("nothing");

    if (fails > 0)
        return g_strdup_printf("Scores: %s cannot be fetched, action needed", failed);
    if (level == SM_LEVEL_CRITICAL)
        return g_strdup_printf("Scores: %s this week, action needed", week);
    return g_strdup_printf("Scores: %s this week, %s waiting%s", week, waiting,
                           level == SM_LEVEL_WARNING ? ", please look" : "");
}

/* To the text part, with blanks up to that width: some of it is strangers'. */
static void
add_text(Parts *to, const char *text, int width)
{
    g_autofree char *clean = sm_text_clean(text, TEXT_MAX);

    g_string_append(to->text, clean);
    for (glong used = g_utf8_strlen(clean, -1); used < width; used++)
        g_string_append_c(to->text, ' ');
}

static void
add_heading(Parts *to, const char *heading)
{
    g_string_append_printf(to->text, "\n%s\n", heading);
    sm_html_add(to->html, "<h2 style=\"font-size:16px;margin:20px 0 4px\">%s</h2>\n", heading);
}

static void
add_line(Parts *to, const char *line)
{
    add_text(to, line, 0);
    g_string_append_c(to->text, '\n');
    sm_html_add(to->html, "<p style=\"margin:4px 0\">%s</p>\n", line);
}

/* A row of a table whose columns are as wide in the text; the first row has the headings. */
static void
add_row(Parts *to, const int *widths, const char *const *cells, gboolean head)
{
    g_string_append(to->html, "<tr>");
    for (guint i = 0; i < COLUMNS_MAX && cells[i] != NULL; i++) {
        gboolean last = i + 1 == COLUMNS_MAX || cells[i + 1] == NULL;

        add_text(to, cells[i], last ? 0 : widths[i]);
        g_string_append(to->text, last ? "\n" : "  ");
        if (head)
            sm_html_add(to->html, "<th style=\"" CELL "\">%s</th>", cells[i]);
        else
            sm_html_add(to->html, "<td style=\"" CELL "\">%s</td>", cells[i]);
    }
    g_string_append(to->html, "</tr>\n");
}

static void
begin_table(Parts *to, const char *heading, const int *widths, const char *const *head)
{
    add_heading(to, heading);
    g_string_append(to->html, "<table style=\"border-collapse:collapse\">\n");
    add_row(to, widths, head, TRUE);
}

/* What needs a person: what it is, what to do, and who should do it. */
static void
add_concerns(Parts *to, const SmOverview *overview)
{
    const GPtrArray *concerns = overview->concerns;

    if (concerns->len == 0)
        return;
    add_heading(to, "What needs a person");
    for (guint i = 0; i < MIN(concerns->len, CONCERNS); i++) {
        const SmConcern *concern = concerns->pdata[i];
        g_autofree char *line = sm_concern_line(concern);
        g_autofree char *said = sm_alert_unlinked(line);
        g_autofree char *advice =
            g_strdup_printf("What to do: %s Who: %s.", sm_alert_advice(concern->kind),
                            sm_alert_doer(concern->kind));

        add_line(to, said);
        add_line(to, advice);
    }
    if (concerns->len > CONCERNS)
        add_line(to, "There is more; the attached page has all of it.");
}

static void
add_accounts(Parts *to, const SmOverview *overview)
{
    static const int widths[COLUMNS_MAX] = {20, 16, 6, 7, 6};
    static const char *const head[] = {"Account", "Last file", "7 days", "Waiting", "Failed", NULL};

    begin_table(to, "Accounts", widths, head);
    SM_EACH (const SmOverviewAccount, account, overview->accounts) {
        const SmAccountSurvey *survey = account->survey;
        g_autofree char *last = survey->totals.stored_at > 0
                                    ? sm_text_time(survey->totals.stored_at)
                                    : g_strdup("none yet");
        g_autofree char *week = sm_html_number(survey->totals.stored_week);
        g_autofree char *waiting = sm_html_number(sm_totals_waiting(&survey->totals));
        g_autofree char *failed = sm_html_number(sm_totals_failed(&survey->totals));
        g_autofree char *name = g_strconcat(survey->account->name,
                                            survey->account->enabled ? "" : " (turned off)", NULL);

        add_row(to, widths, (const char *[]){name, last, week, waiting, failed, NULL}, FALSE);
    }
    g_string_append(to->html, TABLE_END);
}

/* What waits, failed or conflicts: not of accounts that are turned off, as above. */
static void
add_open(Parts *to, const SmOverview *overview)
{
    static const int widths[COLUMNS_MAX] = {32, 8, 0};
    static const char *const head[] = {"File", "State", "Why", NULL};
    guint shown = 0;

    SM_EACH (const SmOverviewAccount, account, overview->accounts) {
        for (guint k = 0; account->survey->account->enabled && k < account->open->len; k++) {
            const SmHistoryFile *file = account->open->pdata[k];
            g_autofree char *name = sm_alert_unlinked(file->name);
            g_autofree char *why = sm_alert_unlinked(file->reason);
            const char *const cells[] = {name, sm_file_state_name(file->state), why, NULL};

            if (shown == OPEN)
                break;
            if (shown++ == 0)
                begin_table(to, "Files that wait or cannot be fetched", widths, head);
            add_row(to, widths, cells, FALSE);
        }
    }
    if (shown > 0)
        g_string_append(to->html, TABLE_END);
}

static void
add_newest(Parts *to, const SmOverview *overview)
{
    static const int widths[COLUMNS_MAX] = {16, 10, 20, 0};
    static const char *const head[] = {"Stored", "Size", "Account", "File", NULL};

    if (overview->newest->len == 0)
        return;
    begin_table(to, "Newest files", widths, head);
    for (guint i = 0; i < MIN(overview->newest->len, NEWEST); i++) {
        const SmHistoryFile *file = overview->newest->pdata[i];
        g_autofree char *when = sm_text_time(file->stored_at);
        g_autofree char *size = sm_text_size((guint64)MAX(file->size, 0));
        g_autofree char *name = sm_alert_unlinked(file->name);

        add_row(to, widths, (const char *[]){when, size, file->account, name, NULL}, FALSE);
    }
    g_string_append(to->html, TABLE_END);
}

static void
add_numbers(Parts *to, const SmOverview *overview)
{
    SmTotals sum = sm_survey_sum(overview->survey, TRUE);
    g_autofree char *week = sm_html_count(overview->week, "file");
    g_autofree char *season = sm_html_number(overview->season);
    g_autofree char *before = sm_html_number(overview->season_before);
    g_autofree char *from = sm_text_day(overview->season_from);
    g_autofree char *line = g_strdup_printf(
        "%s this week, %s since %s; by this time a year before: %s.", week, season, from, before);
    g_autofree char *open =
        g_strdup_printf("Waiting: %d. Failed or in conflict: %d.", (int)sm_totals_waiting(&sum),
                        (int)sm_totals_failed(&sum));

    add_line(to, line);
    add_line(to, open);
}

static void
add_end(Parts *to, const SmOverview *overview)
{
    g_autofree char *zone = sm_calendar_zone_name(overview->now, overview->zone);
    g_autofree char *line = g_strdup_printf(
        "Times are local: %s. The attached page has charts, corrections and gaps. Sent by "
        "scorefetch on %s; report-mail in %s says to whom.",
        zone, g_get_host_name(), overview->survey->config->file);

    g_string_append(to->text, "\n-- \n");
    add_line(to, line);
}

static Parts
write_parts(const SmOverview *overview)
{
    Parts parts = {g_string_new(NULL), g_string_new(NULL)};
    g_autofree char *sentence = sm_overview_sentence(overview);

    g_string_append(parts.html,
                    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<title>Scores</title></head>\n"
                    "<body style=\"font-family:sans-serif;font-size:14px;line-height:1.4\">\n");
    add_text(&parts, sentence, 0);
    g_string_append(parts.text, "\n\n");
    sm_html_add(parts.html, "<h1 style=\"font-size:20px;margin:0 0 8px\">%s</h1>\n", sentence);
    add_numbers(&parts, overview);
    add_concerns(&parts, overview);
    add_accounts(&parts, overview);
    add_open(&parts, overview);
    add_newest(&parts, overview);
    add_end(&parts, overview);
    g_string_append(parts.html, "</body></html>\n");
    return parts;
}

char *
sm_letter(const SmOverview *overview)
{
    const SmConfig *config = overview->survey->config;
    g_autoptr(GKeyFile) letter = g_key_file_new();
    g_autofree char *subject = subject_of(overview);
    g_autofree char *from = sm_alert_from(config);
    g_autofree char *page = sm_page(overview);
    g_autofree char *day = sm_text_day(overview->now);
    g_autofree char *page_name = g_strdup_printf("scores-%s.html", day);
    Parts parts = write_parts(overview);
    const char *const words[][2] = {{"From", from},
                                    {"Subject", subject},
                                    {"Kind", "report"},
                                    {"Host", g_get_host_name()},
                                    {"Text", parts.text->str},
                                    {"Html", parts.html->str},
                                    {"Page", page},
                                    {"Page-Name", page_name}};

    g_key_file_set_string_list(letter, "letter", "To", (const char *const *)config->report_mail,
                               g_strv_length(config->report_mail));
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        g_key_file_set_string(letter, "letter", words[i][0], words[i][1]);
    g_string_free(parts.text, TRUE);
    g_string_free(parts.html, TRUE);
    return g_key_file_to_data(letter, NULL, NULL);
}
