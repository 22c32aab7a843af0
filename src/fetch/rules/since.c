#include "fetch/rules/since.h"

#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/config/values.h"

static gboolean
has_form(const char *text, const char *form)
{
    gsize i;

    for (i = 0; form[i] != '\0'; i++)
        if (form[i] == 'd' ? !g_ascii_isdigit(text[i]) : text[i] != form[i])
            return FALSE;
    return TRUE;
}

/* What GLib wants: all of it, to the second. Caller frees; NULL if text does not even begin so. */
static char *
completed(const char *text)
{
    g_autofree char *time = NULL;

    if (!has_form(text, "dddd-dd-dd"))
        return NULL;
    if (text[10] == '\0')
        return g_strconcat(text, "T00:00:00", NULL);
    time = g_strdup(text);
    if (time[10] == ' ')
        time[10] = 'T';
    if (!has_form(time + 10, "Tdd:dd"))
        return NULL;
    if (time[16] == ':')
        return g_steal_pointer(&time);
    return g_strdup_printf("%.16s:00%s", time, time + 16);
}

gboolean
sm_since_read_time(const char *text, GTimeZone *zone, gint64 *time)
{
    g_autofree char *whole = completed(text);
    g_autoptr(GDateTime) date = whole != NULL ? g_date_time_new_from_iso8601(whole, zone) : NULL;

    if (date == NULL)
        return FALSE;
    *time = g_date_time_to_unix(date);
    return TRUE;
}

/* A date or time, or a span back from now. */
static gboolean
read_when(const char *text, gint64 now, gint64 *time)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    guint span;

    if (!sm_value_read(&sm_value_duration, text, &span, NULL))
        return sm_since_read_time(text, zone, time);
    *time = now - span;
    return TRUE;
}

static gboolean
refuse(const char *text, const char *why, GError **error)
{
    g_autofree char *shown = sm_text_clean(text, SM_TEXT_SHOWN_MAX);

    return sm_error_set(error, SM_ERROR_USAGE,
                        "--since \"%s\" %s; allowed: a date or time as in 2026-03-28 or"
                        " 2026-03-28T22:13:23-0500, a span as in 7d, 12h or 30min, or `last`",
                        shown, why);
}

gboolean
sm_since_parse(const char *text, gint64 now, gint64 last, gint64 *since, GError **error)
{
    if (strcmp(text, "last") == 0) {
        *since = last;
        return last != 0 || refuse(text, "needs a first complete sync", error);
    }
    if (!read_when(text, now, since))
        return refuse(text, "is not understood", error);
    if (*since > now)
        return refuse(text, "is in the future", error);
    return *since > 0 || refuse(text, "is too long ago", error);
}

gboolean
sm_since_read(const char *option, const char *text, gint64 now, gint64 *time, GError **error)
{
    g_autofree char *shown = NULL;

    *time = 0;
    if (text == NULL || (read_when(text, now, time) && *time > 0))
        return TRUE;
    shown = sm_text_clean(text, SM_TEXT_SHOWN_MAX);
    return sm_error_set(error, SM_ERROR_USAGE,
                        "%s \"%s\" is invalid; allowed: a date or time as in 2026-03-28 or"
                        " 2026-03-28T22:13:23-0500, or a span as in 7d, 12h or 30min",
                        option, shown);
}

char *
sm_since_for_service(gint64 since)
{
    return sm_text_date(since, TRUE, "%Y-%m-%dT%H:%M:%S-0000");
}
