#include "fetch/report/calendar.h"

enum { SEASON_BEGINS = 8 /* month */ };

static GDateTime *
local(gint64 when, GTimeZone *zone)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(when);

    return g_date_time_to_timezone(utc, zone);
}

/* Midnight of a day, days and months after the one of the date. Seconds since 1970. */
static gint64
midnight(int year, int month, int day, int days, int months, GTimeZone *zone)
{
    g_autoptr(GDateTime) noon = g_date_time_new(zone, year, month, day, 12, 0, 0);
    g_autoptr(GDateTime) moved = g_date_time_add_full(noon, 0, months, days, 0, 0, 0);
    g_autoptr(GDateTime) start =
        g_date_time_new(zone, g_date_time_get_year(moved), g_date_time_get_month(moved),
                        g_date_time_get_day_of_month(moved), 0, 0, 0);

    return g_date_time_to_unix(start);
}

void
sm_calendar_weeks(gint64 now, GTimeZone *zone, gint64 *starts, guint count)
{
    g_autoptr(GDateTime) today = local(now, zone);
    int since_monday = g_date_time_get_day_of_week(today) - 1;

    for (int i = 0; i <= (int)count; i++)
        starts[i] = midnight(g_date_time_get_year(today), g_date_time_get_month(today),
                             g_date_time_get_day_of_month(today),
                             7 * (i + 1 - (int)count) - since_monday, 0, zone);
}

void
sm_calendar_months(gint64 now, GTimeZone *zone, gint64 *starts, guint count)
{
    g_autoptr(GDateTime) today = local(now, zone);

    for (int i = 0; i <= (int)count; i++)
        starts[i] = midnight(g_date_time_get_year(today), g_date_time_get_month(today), 1, 0,
                             i + 1 - (int)count, zone);
}

gint64
sm_calendar_season(gint64 now, GTimeZone *zone)
{
    g_autoptr(GDateTime) today = local(now, zone);
    int before = g_date_time_get_month(today) < SEASON_BEGINS ? 1 : 0;

    return midnight(g_date_time_get_year(today) - before, SEASON_BEGINS, 1, 0, 0, zone);
}

gint64
sm_calendar_year_before(gint64 when, GTimeZone *zone)
{
    g_autoptr(GDateTime) then = local(when, zone);
    g_autoptr(GDateTime) before = g_date_time_add_years(then, -1);

    return g_date_time_to_unix(before);
}

int
sm_calendar_find(const gint64 *starts, guint count, gint64 when)
{
    guint low = 0, high = count;

    if (when < starts[0] || when >= starts[count])
        return -1;
    while (high - low > 1) {
        guint middle = (low + high) / 2;

        if (when < starts[middle])
            high = middle;
        else
            low = middle;
    }
    return (int)low;
}

const char *
sm_calendar_month_name(gint64 when, GTimeZone *zone)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) then = local(when, zone);

    return names[g_date_time_get_month(then) - 1];
}

char *
sm_calendar_zone_name(gint64 when, GTimeZone *zone)
{
    g_autoptr(GDateTime) then = local(when, zone);
    g_autofree char *now = g_date_time_format(then, "%Z, UTC%:z");

    return g_strdup_printf("%s (%s)", g_time_zone_get_identifier(zone), now);
}
