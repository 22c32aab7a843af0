#include "fetch/report/sections.h"

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/queries/listing.h"
#include "fetch/report/html.h"
#include "fetch/store/store.h"

enum {
    QUIET_WEEKS = 2, /* from that many on they are a silence */
    ACCOUNTS_SHOWN = 50,
};

/* A table that narrow screens show as a list. */
static void
begin_table(GString *to, const char *const *heads)
{
    sm_html_add(to, "<table class=\"stack\" role=\"table\"><thead role=\"rowgroup\">"
                    "<tr role=\"row\">");
    for (; *heads != NULL; heads++)
        sm_html_add(to, "<th scope=\"col\" role=\"columnheader\">%s</th>", *heads);
    sm_html_add(to, "</tr></thead><tbody role=\"rowgroup\">\n");
}

static void
begin_row(GString *to, const char *name, const char *account)
{
    sm_html_add(to,
                "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><span class=\"name\">%s"
                "</span><span class=\"sub\">%s</span></th>",
                name, account);
}

static void
begin_cell(GString *to, const char *class, const char *label)
{
    sm_html_add(to, "<td role=\"cell\" class=\"%s\" data-label=\"%s\">", class, label);
}

static void
add_cell(GString *to, const char *class, const char *label, const char *text)
{
    begin_cell(to, class, label);
    sm_html_add(to, "%s</td>", text);
}

/* Listed and counted; one number where they agree. */
static void
add_records(GString *to, const SmHistoryFile *file)
{
    const SmFile as_listed = {.name = file->name,
                              .stored.records = file->records,
                              .listed.records = file->listed_records};
    g_autofree char *counted = sm_html_number(file->records);
    g_autofree char *listed = sm_html_number(file->listed_records);

    begin_cell(to, "", "Records");
    if (file->records < 0 && file->listed_records < 0)
        sm_html_add(to, "not known");
    if (file->listed_records >= 0)
        sm_html_add(to, "%s listed", listed);
    if (file->records >= 0)
        sm_html_add(to, "%s%s counted", file->listed_records >= 0 ? ", " : "", counted);
    if (sm_listing_records_differ(&as_listed))
        sm_html_add(to, " <span class=\"differs\">differ</span>");
    sm_html_add(to, "</td>");
}

static void
add_newest(GString *to, const SmHistoryFile *file)
{
    static const char *const ways[SM_WAY_N] = {"mail", "sync", "by hand"};
    g_autofree char *size = sm_text_size((guint64)file->size);

    begin_row(to, file->name, file->account);
    begin_cell(to, "", "Stored");
    sm_html_add_time(to, file->stored_at, sm_text_time);
    if (file->pruned_at > 0)
        sm_html_add(to, "<span class=\"sub\">deleted after keep-for</span>");
    sm_html_add(to, "</td>");
    add_cell(to, "", "Came by", ways[file->way]);
    add_cell(to, "", "Size", size);
    add_records(to, file);
    add_cell(to, "sha", "SHA-256", file->sha256);
    sm_html_add(to, "</tr>\n");
}

void
sm_lists_newest(GString *to, const SmOverview *overview)
{
    static const char *const heads[] = {"File and account", "Stored",  "Came by", "Size",
                                        "Records",          "SHA-256", NULL};

    sm_html_add(to, "<section aria-labelledby=\"newest\"><h2 id=\"newest\">Newest files</h2>\n");
    if (overview->newest->len == 0) {
        sm_html_add(to, "<p>No file has come yet.</p></section>\n");
        return;
    }
    begin_table(to, heads);
    for (guint i = 0; i < overview->newest->len; i++)
        add_newest(to, overview->newest->pdata[i]);
    sm_html_add(to, "</tbody></table></section>\n");
}

static void
add_version(GString *to, const SmHistoryVersion *version, const char *label)
{
    g_autofree char *size = sm_text_size((guint64)version->size);

    begin_cell(to, "", label);
    if (version->at == 0) {
        sm_html_add(to, "not in the ledger any more</td>");
        return;
    }
    sm_html_add_time(to, version->at, sm_text_time);
    sm_html_add(to, ", %s<span class=\"sha sub\">%s</span></td>", size, version->sha256);
}

void
sm_lists_corrections(GString *to, const SmOverview *overview)
{
    static const char *const heads[] = {"File and account", "Now", "Before", NULL};
    g_autofree char *day = sm_text_day(overview->season_from);

    sm_html_add(to, "<section aria-labelledby=\"corrected\"><h2 id=\"corrected\">Corrected files"
                    "</h2>\n");
    if (overview->corrections->len == 0) {
        sm_html_add(to, "<p>The service has corrected no file since %s.</p></section>\n", day);
        return;
    }
    sm_html_add(to,
                "<p class=\"note\">The service posted these again, with other contents, since %s."
                " The earlier version is kept in the folder " SM_SUPERSEDED ".</p>\n",
                day);
    begin_table(to, heads);
    SM_EACH (const SmHistoryCorrection, correction, overview->corrections) {
        begin_row(to, correction->name, correction->account);
        add_version(to, &correction->now, "Now");
        add_version(to, &correction->before, "Before");
        sm_html_add(to, "</tr>\n");
    }
    sm_html_add(to, "</tbody></table></section>\n");
}

static void
add_unwanted(GString *to, const SmOverview *overview)
{
    g_autofree char *count = sm_html_count(overview->unwanted_count, "file");

    if (overview->unwanted_count == 0)
        return;
    sm_html_add(to, "<li><strong>Listed and not fetched:</strong> %s.<ul>\n", count);
    SM_EACH (const SmHistoryFile, file, overview->unwanted)
        sm_html_add(to, "<li><span class=\"name\">%s</span> (%s): %s</li>\n", file->name,
                    file->account, file->reason);
    if (overview->unwanted_count > overview->unwanted->len)
        sm_html_add(to, "<li>and %d more: scorefetch list</li>\n",
                    (int)(overview->unwanted_count - overview->unwanted->len));
    sm_html_add(to, "</ul></li>\n");
}

/* Where names of one type came, and none of another that the account wants. */
static void
add_format(GString *to, const SmOverviewAccount *account, gint64 now)
{
    const SmAccount *configured = account->survey->account;
    gboolean csv = configured->format == SM_FORMAT_CSV || configured->format == SM_FORMAT_BOTH;
    gboolean txt = configured->format == SM_FORMAT_TXT || configured->format == SM_FORMAT_BOTH;
    const char *missing = csv && account->history.csv == 0 && account->history.txt > 0   ? "csv"
                          : txt && account->history.txt == 0 && account->history.csv > 0 ? "txt"
                                                                                         : NULL;
    g_autofree char *others = sm_html_count(account->history.csv + account->history.txt, "file");

    if (configured->enabled && missing != NULL)
        sm_html_add(
            to,
            "<li><strong>A format never came:</strong> %s of this season for account %s, none"
            " of them .%s, which format = %s wants.</li>\n",
            others, configured->name, missing, sm_format_name(configured->format));
}

static void
add_silence(GString *to, const SmOverviewAccount *account, gint64 now)
{
    const SmAccount *configured = account->survey->account;
    gint64 last = account->survey->totals.stored_at;
    g_autofree char *span = sm_html_span((now - last) / 86400 * 86400);
    g_autofree char *expected = sm_html_span(configured->expect_every);

    if (!configured->enabled)
        return;
    if (last == 0)
        sm_html_add(to, "<li><strong>Silence:</strong> no file has come for account %s yet.</li>\n",
                    configured->name);
    else if (configured->expect_every > 0 && now - last > configured->expect_every)
        sm_html_add(to,
                    "<li><strong>Silence:</strong> no file for account %s for %s; expect-every is"
                    " %s.</li>\n",
                    configured->name, span, expected);
}

/* The weeks up to now without a file, if some came then in the year before. */
static void
add_quiet_weeks(GString *to, const SmOverview *overview)
{
    int first = SM_OVERVIEW_WEEKS;
    gint64 before = 0;
    g_autofree char *day = NULL;
    g_autofree char *files = NULL;

    while (first > 0 && overview->weeks[first - 1].files == 0)
        before += overview->weeks[--first].files_before;
    if (SM_OVERVIEW_WEEKS - first < QUIET_WEEKS || before == 0)
        return;
    day = sm_text_day(overview->weeks[first].from);
    files = sm_html_count(before, "file");
    sm_html_add(to,
                "<li><strong>Silence:</strong> nothing has come since %s, %d weeks. In the same"
                " weeks of the year before: %s.</li>\n",
                day, SM_OVERVIEW_WEEKS - first, files);
}

/* What an account lacks, if it does. */
typedef void (*AddGap)(GString *to, const SmOverviewAccount *account, gint64 now);

static void
add_gaps(GString *to, const SmOverview *overview, AddGap add)
{
    guint count = 0;

    for (guint i = 0; i < overview->accounts->len; i++) {
        gsize before = to->len;

        add(to, overview->accounts->pdata[i], overview->now);
        if (to->len > before && ++count > ACCOUNTS_SHOWN)
            g_string_truncate(to, before);
    }
    if (count > ACCOUNTS_SHOWN)
        sm_html_add(to, "<li>and the same of %d more accounts.</li>\n",
                    (int)(count - ACCOUNTS_SHOWN));
}

void
sm_lists_gaps(GString *to, const SmOverview *overview)
{
    gsize before;

    sm_html_add(to, "<section aria-labelledby=\"gaps\"><h2 id=\"gaps\">Gaps</h2>\n"
                    "<ul class=\"gaps\">\n");
    before = to->len;
    add_unwanted(to, overview);
    add_gaps(to, overview, add_format);
    add_quiet_weeks(to, overview);
    add_gaps(to, overview, add_silence);
    if (to->len == before)
        sm_html_add(to, "<li>None: no listed file was left out, each wanted format came, and there"
                        " was no silence.</li>\n");
    sm_html_add(to, "</ul></section>\n");
}
