#include "fetch/report/sections.h"

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/alert/text.h"
#include "fetch/report/html.h"

enum {
    CONCERNS_SHOWN = 20,
    CARDS_SHOWN = 200,
    FEW_ACCOUNTS = 40, /* of more, each shows one file: a page stays below 500 kB */
};

/* What is drawn before the sentence, so that colour is not all that tells. */
static const char *const icons[] = {
    [SM_LEVEL_OK] = "<path d=\"M8 16.5l5.5 5.5L24.5 10\"/>",
    [SM_LEVEL_WARNING] = "<path d=\"M16 9v8M16 22v.5\"/>",
    [SM_LEVEL_CRITICAL] = "<path d=\"M10.5 10.5l11 11M21.5 10.5l-11 11\"/>",
};

static void
add_concern(GString *to, const SmConcern *concern)
{
    sm_html_add(to, "<li><p>");
    if (*concern->account != '\0')
        sm_html_add(to, "<strong>%s</strong>: ", concern->account);
    sm_html_add(to, "%s</p><dl><dt>What to do</dt><dd>%s</dd><dt>Who</dt><dd>%s%s</dd></dl></li>\n",
                concern->text, sm_alert_advice(concern->kind), sm_alert_doer(concern->kind),
                concern->level == SM_LEVEL_CRITICAL ? ", now" : ", when there is time");
}

void
sm_standing_verdict(GString *to, const SmOverview *overview)
{
    const GPtrArray *concerns = overview->concerns;
    SmLevel level = sm_verdict_level(concerns);
    SmTotals sum = sm_survey_sum(overview->survey, FALSE);
    gint64 waiting = sm_totals_waiting(&sum);
    g_autofree char *sentence = sm_overview_sentence(overview);
    g_autofree char *week = sm_html_count(overview->week, "file");
    g_autofree char *waits = sm_html_count(waiting, "file");

    sm_html_add(to,
                "<section class=\"verdict %s\" aria-labelledby=\"verdict\"><h2 id=\"verdict\">"
                "<svg class=\"icon\" width=\"32\" height=\"32\" aria-hidden=\"true\">"
                "<circle cx=\"16\" cy=\"16\" r=\"14.5\"/>",
                sm_level_name(level));
    g_string_append(to, icons[level]);
    sm_html_add(to, "</svg>%s</h2>\n<p>%s came in the last 7 days; ", sentence, week);
    if (waiting == 0)
        sm_html_add(to, "nothing is waiting.");
    else
        sm_html_add(to, "%s %s waiting.", waits, waiting == 1 ? "is" : "are");
    sm_html_add(to, " The last file came: ");
    sm_html_add_time(to, sum.stored_at, sm_text_time);
    sm_html_add(to, ".</p>\n");
    if (concerns->len > 0)
        sm_html_add(to, "<ol class=\"concerns\">\n");
    for (guint i = 0; i < MIN(concerns->len, CONCERNS_SHOWN); i++)
        add_concern(to, concerns->pdata[i]);
    if (concerns->len > CONCERNS_SHOWN)
        sm_html_add(to, "<li>and %d more: scorefetch status</li>\n",
                    (int)(concerns->len - CONCERNS_SHOWN));
    sm_html_add(to, concerns->len > 0 ? "</ol></section>\n" : "</section>\n");
}

static void
add_figure(GString *to, const char *class, gint64 number, const char *what)
{
    g_autofree char *text = sm_html_number(number);

    sm_html_add(to, "<div class=\"%s\"><dt>%s</dt><dd>%s</dd></div>\n", class, what, text);
}

void
sm_standing_figures(GString *to, const SmOverview *overview)
{
    SmTotals sum = sm_survey_sum(overview->survey, FALSE);
    gint64 waiting = sm_totals_waiting(&sum), failed = sm_totals_failed(&sum);
    g_autofree char *from = sm_text_day(overview->season_from);
    g_autofree char *until = sm_text_day(overview->before_until);
    g_autofree char *season = g_strdup_printf("files since %s", from);
    g_autofree char *before = g_strdup_printf("by this time a year before, %s", until);

    sm_html_add(to, "<section aria-labelledby=\"figures\"><h2 id=\"figures\" class=\"hidden\">"
                    "Figures</h2>\n<dl class=\"figures\">\n");
    add_figure(to, "", overview->week, "files in the last 7 days");
    add_figure(to, "", overview->season, season);
    add_figure(to, "", overview->season_before, before);
    add_figure(to, waiting > 0 ? "warning" : "", waiting, "waiting");
    add_figure(to, failed > 0 ? "critical" : "", failed, "failed or in conflict");
    sm_html_add(to, "</dl></section>\n");
}

/* How the account stands, by the concerns that name it. */
static SmLevel
level_of(const SmOverview *overview, const char *account)
{
    SmLevel level = SM_LEVEL_OK;

    SM_EACH (const SmConcern, concern, overview->concerns)
        if (g_str_equal(concern->account, account))
            level = MAX(level, concern->level);
    return level;
}

static void
add_password(GString *to, const SmOverviewAccount *account, gint64 now)
{
    gint64 since = account->history.secret_since;
    guint most = account->survey->account->password_max_age;
    g_autofree char *age = sm_html_span((now - since) / 86400 * 86400);

    sm_html_add(to, "<dt>Password</dt><dd>");
    if (account->history.rejected_at > 0) {
        sm_html_add(to, "<span class=\"differs\">rejected</span> ");
        sm_html_add_time(to, account->history.rejected_at, sm_text_day);
    } else if (since == 0) {
        sm_html_add(to, "not known when it was changed");
    } else {
        sm_html_add(to, "changed ");
        sm_html_add_time(to, since, sm_text_day);
        if (now - since >= 86400)
            sm_html_add(to, ", %s ago", age);
        if (most > 0) {
            sm_html_add(to, since + most > now ? "; due " : "; was due ");
            sm_html_add_time(to, since + most, sm_text_day);
        }
    }
    sm_html_add(to, "</dd>\n");
}

/* Why it is not there, and what happens next. */
static void
add_open(GString *to, const SmHistoryFile *file, gint64 now)
{
    const char *what = file->state == SM_FILE_CONFLICT ? "another file of that name is in the way"
                       : file->state == SM_FILE_FAILED ? "failed"
                                                       : "waiting";

    sm_html_add(to, "<li><span class=\"name\">%s</span> %s", file->name, what);
    sm_html_add(to, *file->reason != '\0' ? ": %s" : "%s", file->reason);
    if (file->state == SM_FILE_FAILED || file->state == SM_FILE_CONFLICT) {
        sm_html_add(to, ". It is not tried again by itself.");
    } else if (file->next_attempt > now) {
        sm_html_add(to, ". Next try: ");
        sm_html_add_time(to, file->next_attempt, sm_text_time);
    } else {
        sm_html_add(to, ". The worker's next run tries it.");
    }
    sm_html_add(to, "</li>\n");
}

static void
add_all_open(GString *to, const SmOverviewAccount *account, const SmOverview *overview)
{
    const SmTotals *totals = &account->survey->totals;
    guint shown =
        MIN(account->open->len, overview->accounts->len > FEW_ACCOUNTS ? 1 : SM_OVERVIEW_OPEN);
    gint64 more = sm_totals_waiting(totals) + sm_totals_failed(totals) - shown;

    if (account->open->len == 0)
        return;
    sm_html_add(to, "<ul class=\"files\">\n");
    for (guint i = 0; i < shown; i++)
        add_open(to, account->open->pdata[i], overview->now);
    if (more > 0)
        sm_html_add(to, "<li>and %" G_GINT64_FORMAT " more: scorefetch status</li>\n", more);
    sm_html_add(to, "</ul>");
}

static void
add_card(GString *to, const SmOverview *overview, guint number)
{
    const SmOverviewAccount *account = overview->accounts->pdata[number];
    const char *name = account->survey->account->name;
    const SmTotals *totals = &account->survey->totals;
    SmLevel level = level_of(overview, name);
    const char *class = account->survey->account->enabled ? sm_level_name(level) : "off";
    const char *state = !account->survey->account->enabled ? "turned off"
                        : level == SM_LEVEL_OK             ? "well"
                        : level == SM_LEVEL_WARNING        ? "please look"
                                                           : "action needed";
    g_autofree char *week = sm_html_number(totals->stored_week);
    g_autofree char *season = sm_html_number(account->season);
    g_autofree char *before = sm_html_number(account->season_before);
    g_autofree char *waits = sm_html_number(sm_totals_waiting(totals));
    g_autofree char *fails = sm_html_number(sm_totals_failed(totals));

    sm_html_add(to,
                "<article class=\"card %s\" aria-labelledby=\"account-%d\"><h3 id=\"account-%d\">"
                "%s <span class=\"state\">%s</span></h3>\n<dl><dt>Last file</dt><dd>",
                class, (int)number, (int)number, name, state);
    sm_html_add_time(to, totals->stored_at, sm_text_time);
    sm_html_add(to,
                "</dd>\n<dt>Last 7 days</dt><dd>%s</dd>\n<dt>This season</dt><dd>%s"
                " (a year before: %s)</dd>\n"
                "<dt>Waiting</dt><dd>%s</dd>\n<dt>Failed</dt><dd>%s</dd>\n",
                week, season, before, waits, fails);
    add_password(to, account, overview->now);
    sm_html_add(to, "</dl>");
    add_all_open(to, account, overview);
    sm_html_add(to, "</article>\n");
}

void
sm_standing_accounts(GString *to, const SmOverview *overview)
{
    guint count = overview->accounts->len;

    sm_html_add(to, "<section aria-labelledby=\"accounts\"><h2 id=\"accounts\">Accounts</h2>\n"
                    "<div class=\"cards\">\n");
    for (guint i = 0; i < MIN(count, CARDS_SHOWN); i++)
        add_card(to, overview, i);
    sm_html_add(to, "</div>\n");
    if (count > CARDS_SHOWN)
        sm_html_add(to,
                    "<p class=\"note\">%d more accounts are not shown; scorefetch report -a NAME"
                    " shows one.</p>\n",
                    (int)(count - CARDS_SHOWN));
    sm_html_add(to, "</section>\n");
}
