#include "filter/received.h"

#include <stdio.h>
#include <string.h>

enum { LOOKED_AT = 64 * 1024 }; /* bytes: what a mail system puts above the rest is short */

/* "Wed, 25 Nov 2026 10:11:12 +0100 (CET)" */
static gint64
time_in(const char *text)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    int day, year, hour, minute, second,
        zone = 0; /* a zone in letters is none that mail systems write */
    char name[4];
    g_autofree char *month = NULL;
    g_autoptr(GDateTime) utc = NULL;
    const char *found;

    text += strcspn(text, "0123456789");
    if (sscanf(text, "%2d %3[A-Za-z] %4d %2d:%2d:%2d %5d", &day, name, &year, &hour, &minute,
               &second, &zone) < 6)
        return 0;
    month = g_ascii_strdown(name, -1);
    found = strlen(month) == 3 ? strstr(months, month) : NULL;
    if (found == NULL || (found - months) % 3 != 0)
        return 0;
    utc = g_date_time_new_utc(year, (int)(found - months) / 3 + 1, day, hour, minute,
                              MIN(second, 59));
    if (utc == NULL)
        return 0;
    return g_date_time_to_unix(utc) - (zone / 100 * 3600 + zone % 100 * 60);
}

/* The end of the line at at: its line feed, or end. */
static const char *
line_end(const char *at, const char *end)
{
    const char *feed = memchr(at, '\n', (gsize)(end - at));

    return feed != NULL ? feed : end;
}

gint64
sm_received_scan(const char *message, gsize length)
{
    static const char field[] = "Received:";
    const char *at = message;
    const char *end = length > 0 ? message + MIN(length, LOOKED_AT) : message;

    while (at < end && *at != '\n' && *at != '\r') {
        const char *next = line_end(at, end);
        g_autofree char *text = NULL;

        while (next + 1 < end && (next[1] == ' ' || next[1] == '\t'))
            next = line_end(next + 1, end);
        if ((gsize)(next - at) > strlen(field) &&
            g_ascii_strncasecmp(at, field, strlen(field)) == 0) {
            const char *date = memrchr(at, ';', (gsize)(next - at));

            text = date != NULL ? g_strndup(date, (gsize)(next - date)) : NULL;
            return text != NULL ? time_in(text) : 0;
        }
        at = next < end ? next + 1 : end;
    }
    return 0;
}
