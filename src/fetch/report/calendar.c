#include "fetch/report/calendar.h"

#include <string.h>

enum {
    SEASON_BEGINS = 8, /* month */
    PERIOD_BEGINS = 7, /* o'clock: before an office does */
    DAY = 86400,       /* seconds */
};

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
sm_calendar_period(gint64 now, GTimeZone *zone, gint64 every)
{
    g_autoptr(GDateTime) time = local(now, zone);
    GDate date;
    guint32 day, days = (guint32)(every / DAY);

    if (days == 0 || every % DAY != 0)
        return now - now % every;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay)g_date_time_get_day_of_month(time),
                   (GDateMonth)g_date_time_get_month(time), (GDateYear)g_date_time_get_year(time));
    /* since 1 January of year 1, which was a Monday */
    day = g_date_get_julian(&date) - 1 - (g_date_time_get_hour(time) < PERIOD_BEGINS ? 1 : 0);
    g_date_set_julian(&date, day - day % days + 1);
    g_date_time_unref(time);
    time = g_date_time_new(zone, g_date_get_year(&date), (int)g_date_get_month(&date),
                           g_date_get_day(&date), PERIOD_BEGINS, 0, 0);
    return g_date_time_to_unix(time);
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
    int period = when < starts[count] ? (int)count - 1 : -1; /* most ask for one of the last */

    while (period >= 0 && when < starts[period])
        period--;
    return period;
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
    const char *name = g_time_zone_get_identifier(zone);

    if (strpbrk(name, ",:<") != NULL || *name == '/') /* TZ has a rule or a file */
        return g_steal_pointer(&now);
    return g_strdup_printf("%s (%s)", name, now);
}
