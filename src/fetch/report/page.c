#include "fetch/report/page.h"

#include "build-config.h"
#include "common/base/text.h"
#include "fetch/report/calendar.h"
#include "fetch/report/html.h"
#include "fetch/report/sections.h"

#include <style.inc> /* style: the text of style.css */

/* Of the one style element, so that the page may have no other. Caller frees. */
static char *
style_hash(void)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize length = sizeof digest;

    g_checksum_update(checksum, (const guchar *)style, sizeof style - 1);
    g_checksum_get_digest(checksum, digest, &length);
    return g_base64_encode(digest, length);
}

static void
add_head(GString *to, const SmOverview *overview)
{
    g_autofree char *hash = style_hash();
    g_autofree char *sentence = sm_overview_sentence(overview);
    g_autofree char *day = sm_text_day(overview->now);

    sm_html_add(to,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
                " style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<meta name=\"robots\" content=\"noindex\">\n"
                "<title>Score files, %s: %s</title>\n<style>",
                hash, day, sentence);
    g_string_append(to, style);
    g_string_append(to, "</style>\n</head>\n<body>\n");
}

static void
add_header(GString *to, const SmOverview *overview)
{
    g_autofree char *zone = sm_calendar_zone_name(overview->now, overview->zone);

    sm_html_add(to, "<header><h1>Score files on %s</h1>\n<p>As of ", g_get_host_name());
    sm_html_add_time(to, overview->now, sm_text_time);
    sm_html_add(to, ". All times are local: %s.</p></header>\n<main>\n", zone);
}

static void
add_footer(GString *to, const SmOverview *overview)
{
    g_autofree char *strays = sm_html_number(overview->strays);
    g_autofree char *backlog = sm_html_number(overview->backlog);

    sm_html_add(to, "</main>\n<footer>\n"
                    "<p>A file counts when it is stored, and again when the service corrects it."
                    " Weeks begin on Monday; a season begins on 1 August, or when --since says."
                    " The last 7 days are days of UTC, as in scorefetch status. A file came by hand"
                    " where a person fetched it by name.</p>\n");
    if (overview->strays > 0)
        sm_html_add(to,
                    "<p>%s of this season's files belong to accounts that are not in the"
                    " configuration any more.</p>\n",
                    strays);
    if (overview->backlog > 0)
        sm_html_add(to,
                    "<p>%s files were delivered before scorefetch knew their account; the time that"
                    " they took does not count.</p>\n",
                    backlog);
    sm_html_add(
        to,
        "<p>Made by scorefetch %s from its ledger. The page has names of files and accounts, and no"
        " scores.</p>\n"
        "</footer>\n</body>\n</html>\n",
        SM_VERSION);
}

char *
sm_page(const SmOverview *overview)
{
    GString *to = g_string_new(NULL);

    add_head(to, overview);
    add_header(to, overview);
    sm_standing_verdict(to, overview);
    sm_standing_figures(to, overview);
    sm_standing_accounts(to, overview);
    sm_trends_weeks(to, overview);
    sm_trends_months(to, overview);
    sm_lists_newest(to, overview);
    sm_lists_corrections(to, overview);
    sm_lists_gaps(to, overview);
    add_footer(to, overview);
    return g_string_free(to, FALSE);
}
