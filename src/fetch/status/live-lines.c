/* The lines of live.h. */
#include <string.h>

#include "common/base/each.h"
#include "common/base/text.h"
#include "common/config/places.h"
#include "fetch/host/progress.h"
#include "fetch/host/screen.h"
#include "fetch/status/forms.h"
#include "fetch/status/live.h"
#include "fetch/status/verdict.h"

enum { ITEM_MAX = 4000 /* bytes */ };

/* A heading and rows below it, of which as many are shown as there is room. */
typedef struct {
    char *heading;
    GPtrArray *rows;
    gint64 all; /* items that there are, known or not */
    guint shown;
} Section;

static Section
section_new(char *heading)
{
    return (Section){heading, g_ptr_array_new_with_free_func(g_free), 0, 0};
}

static void
section_clear(Section *section)
{
    g_free(section->heading);
    g_ptr_array_unref(section->rows);
}

/* Adds text as an item, in as many rows as it needs; all but the first are set in by that many
 * blanks, at least one. */
static void
add_item(GPtrArray *rows, const char *said, guint columns, int indent)
{
    g_autofree char *clean = sm_text_clean(said, ITEM_MAX);
    const char *text = clean;

    for (int in = 0; columns > (guint)indent && *text != '\0'; in = indent) {
        g_autofree char *cut = sm_screen_cut(text, columns - (guint)in);
        gsize length = strlen(cut);
        const char *blank = strrchr(cut, ' ');

        if (text[length] != '\0' && text[length] != ' ' && blank > cut)
            length = (gsize)(blank - cut);
        if (length == 0)
            return;
        g_ptr_array_add(rows, g_strdup_printf("%*s%.*s", in, "", (int)length, cut));
        text += length;
        text += strspn(text, " ");
    }
}

/* How many items the first rows show. */
static guint
count_items(const GPtrArray *rows, guint count)
{
    guint items = 0;

    for (guint i = 0; i < count; i++)
        items += *(const char *)rows->pdata[i] != ' ';
    return items;
}

static Section
downloads_of(const SmLive *live, guint columns)
{
    gboolean elsewhere = sm_place_is_server(live->survey->config->ledger);
    Section section = section_new(
        g_strdup(elsewhere ? "DOWNLOADS (a server does not know how far they are)" : "DOWNLOADS"));

    SM_EACH (const SmLiveDownload, download, live->downloads) {
        const SmProgressState state = {download->name, 0, 0, download->bytes, download->total,
                                       download->rate};

        g_ptr_array_add(section.rows,
                        download->bytes >= 0 && download->state != SM_FILE_PLACING
                            ? sm_progress_format(&state, columns)
                            : g_strdup_printf("%s  %s", download->name,
                                              download->state == SM_FILE_PLACING ? "is being stored"
                                                                                 : "under way"));
    }
    if (section.rows->len == 0)
        g_ptr_array_add(section.rows, g_strdup("none just now"));
    return section;
}

/* Until then: "now", "in 12 s", "in 5 min", "in 3 h". Caller frees. */
static char *
until(gint64 when, gint64 now)
{
    if (when <= now)
        return g_strdup("now");
    if (when - now < 60)
        return g_strdup_printf("in %d s", (int)(when - now));
    if (when - now < 3600)
        return g_strdup_printf("in %d min", (int)((when - now) / 60));
    return g_strdup_printf("in %d h", (int)((when - now) / 3600));
}

static Section
waiting_of(const SmLive *live, guint columns)
{
    Section section = section_new(g_strdup("NEXT TRY   WAITING"));
    gint64 now = live->survey->now;

    SM_EACH (const SmFile, file, live->waiting) {
        g_autofree char *next = until(file->next_attempt, now);
        g_autofree char *announced = sm_status_when(file->announced_at, now);

        g_autofree char *line = g_strdup_printf("%-10s %s  %s%s", next, file->name,
                                                *file->reason != '\0' ? file->reason : "announced ",
                                                *file->reason != '\0' ? "" : announced);

        add_item(section.rows, line, columns, 11);
    }
    section.all = live->waiting_all;
    return section;
}

static Section
accounts_of(const SmLive *live)
{
    Section section =
        section_new(g_strdup_printf("%-18s  %-16s  %-16s  %5s  %7s  %6s", "ACCOUNT", "LAST MAIL",
                                    "LAST SYNC", "TODAY", "WAITING", "FAILED"));

    SM_EACH (const SmAccountSurvey, each, live->survey->accounts) {
        g_autofree char *mail = sm_status_when(each->totals.mail_at, live->survey->now);
        g_autofree char *sync = sm_status_when(each->totals.synced_at, live->survey->now);

        g_ptr_array_add(section.rows, g_strdup_printf("%-18.18s  %-16s  %-16s  %5d  %7d  %6d",
                                                      each->account->name,
                                                      each->account->enabled ? mail : "not enabled",
                                                      sync, (int)each->totals.stored_today,
                                                      (int)sm_totals_waiting(&each->totals),
                                                      (int)sm_totals_failed(&each->totals)));
    }
    return section;
}

static Section
findings_of(const SmLive *live, guint columns)
{
    Section section = section_new(g_strdup("FINDINGS"));

    for (guint i = 0; i < live->concerns->len; i++) {
        g_autofree char *line = sm_concern_line(live->concerns->pdata[i]);

        add_item(section.rows, line, columns, 2);
    }
    return section;
}

/* Each section gets a row, in their order, and then all of them get more as long as there is room.
 */
static void
share_out(Section *sections, guint count, guint room)
{
    gboolean any = TRUE;

    for (guint i = 0; i < count; i++)
        if (sections[i].rows->len > 0 && room >= 3) { /* with a blank line and the heading */
            sections[i].shown = 1;
            room -= 3;
        }
    while (any) {
        any = FALSE;
        for (guint i = 0; i < count && room > 0; i++)
            if (sections[i].shown > 0 && sections[i].shown < sections[i].rows->len) {
                sections[i].shown++;
                room--;
                any = TRUE;
            }
    }
}

static void
add_section(GPtrArray *lines, const Section *section)
{
    gint64 all = MAX(section->all, (gint64)count_items(section->rows, section->rows->len));
    guint items = count_items(section->rows, section->shown);

    if (section->shown == 0)
        return;
    g_ptr_array_add(lines, g_strdup(""));
    g_ptr_array_add(lines, items < all
                               ? g_strdup_printf("%s  %u of %d", section->heading, items, (int)all)
                               : g_strdup(section->heading));
    for (guint i = 0; i < section->shown; i++)
        g_ptr_array_add(lines, g_strdup(section->rows->pdata[i]));
}

static void
add_frame(GPtrArray *lines, const SmLive *live)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(live->survey->now);
    g_autofree char *time = g_date_time_format(now, "%F %T %Z");
    g_autofree char *level = g_ascii_strup(sm_level_name(sm_verdict_level(live->concerns)), -1);

    g_ptr_array_add(lines, g_strdup_printf("scoremail: %s  %s", level, time));
    g_ptr_array_add(lines, sm_status_worker(live->survey));
}

static void
add_sections(GPtrArray *lines, const SmLive *live, guint width, guint room)
{
    Section sections[] = {downloads_of(live, width), waiting_of(live, width),
                          findings_of(live, width), accounts_of(live)};

    share_out(sections, G_N_ELEMENTS(sections), room);
    for (guint i = 0; i < G_N_ELEMENTS(sections); i++) {
        add_section(lines, &sections[i]);
        section_clear(&sections[i]);
    }
}

GPtrArray *
sm_live_lines(const SmLive *live, const char *notice, guint columns, guint rows)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    guint width = MAX(columns, 2) - 1; /* see sm_screen_draw() */

    if (live != NULL)
        add_frame(lines, live);
    else if (notice == NULL)
        g_ptr_array_add(lines, g_strdup("scoremail: looking ..."));
    if (notice != NULL)
        add_item(lines, notice, width, 2);
    if (live != NULL)
        add_sections(lines, live, width, rows > lines->len + 1 ? rows - lines->len - 1 : 0);
    while (lines->len + 1 < rows)
        g_ptr_array_add(lines, g_strdup(""));
    g_ptr_array_set_size(lines, (gint)MIN(lines->len, MAX(rows, 1) - 1));
    g_ptr_array_add(lines, g_strdup("q: end"));
    return lines;
}
