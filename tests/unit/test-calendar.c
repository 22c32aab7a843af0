/* Weeks, months and seasons of a zone, at the ends of daylight saving time and in leap years. */
#include "fetch/report/calendar.h"

#define NEW_YORK "EST5EDT,M3.2.0/2,M11.1.0/2"

static gint64
at(GTimeZone *zone, const char *text)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(text, zone);

    g_assert_nonnull(when);
    return g_date_time_to_unix(when);
}

static void
weeks_begin_on_monday_at_midnight(void)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(NEW_YORK);
    gint64 starts[4];

    sm_calendar_weeks(at(zone, "2026-11-29T23:59:59"), zone, starts, 3); /* a Sunday */
    g_assert_cmpint(starts[0], ==, at(zone, "2026-11-09T00:00:00"));
    g_assert_cmpint(starts[2], ==, at(zone, "2026-11-23T00:00:00"));
    g_assert_cmpint(starts[3], ==, at(zone, "2026-11-30T00:00:00"));
    sm_calendar_weeks(at(zone, "2026-11-30T00:00:00"), zone, starts, 3);
    g_assert_cmpint(starts[2], ==, at(zone, "2026-11-30T00:00:00"));
}

static void
a_week_with_a_change_of_the_clock_is_no_168_hours(void)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(NEW_YORK);
    gint64 starts[3];

    sm_calendar_weeks(at(zone, "2026-11-03T12:00:00"), zone, starts, 2);
    g_assert_cmpint(starts[1] - starts[0], ==, 169 * 3600);
    sm_calendar_weeks(at(zone, "2026-03-10T12:00:00"), zone, starts, 2);
    g_assert_cmpint(starts[1] - starts[0], ==, 167 * 3600);
}

static void
months_are_the_calendars(void)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(NEW_YORK);
    gint64 starts[13];

    sm_calendar_months(at(zone, "2026-01-31T23:00:00"), zone, starts, 12);
    g_assert_cmpint(starts[0], ==, at(zone, "2025-02-01T00:00:00"));
    g_assert_cmpint(starts[1], ==, at(zone, "2025-03-01T00:00:00"));
    g_assert_cmpint(starts[11], ==, at(zone, "2026-01-01T00:00:00"));
    g_assert_cmpint(starts[12], ==, at(zone, "2026-02-01T00:00:00"));
    g_assert_cmpstr(sm_calendar_month_name(starts[1], zone), ==, "Mar");
}

static void
a_season_begins_on_the_first_of_august(void)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(NEW_YORK);

    g_assert_cmpint(sm_calendar_season(at(zone, "2026-08-01T00:00:00"), zone), ==,
                    at(zone, "2026-08-01T00:00:00"));
    g_assert_cmpint(sm_calendar_season(at(zone, "2026-07-31T23:59:59"), zone), ==,
                    at(zone, "2025-08-01T00:00:00"));
    g_assert_cmpint(sm_calendar_year_before(at(zone, "2028-02-29T10:00:00"), zone), ==,
                    at(zone, "2027-02-28T10:00:00"));
    /* the same time of day, whether or not daylight saving time holds on both days */
    g_assert_cmpint(sm_calendar_year_before(at(zone, "2026-11-01T10:00:00"), zone), ==,
                    at(zone, "2025-11-01T10:00:00"));
}

static void
a_time_is_in_the_period_that_has_begun_last(void)
{
    static const gint64 starts[] = {10, 20, 30, 45};

    g_assert_cmpint(sm_calendar_find(starts, 3, 9), ==, -1);
    g_assert_cmpint(sm_calendar_find(starts, 3, 10), ==, 0);
    g_assert_cmpint(sm_calendar_find(starts, 3, 19), ==, 0);
    g_assert_cmpint(sm_calendar_find(starts, 3, 20), ==, 1);
    g_assert_cmpint(sm_calendar_find(starts, 3, 44), ==, 2);
    g_assert_cmpint(sm_calendar_find(starts, 3, 45), ==, -1);
}

static void
the_zone_is_named_as_it_holds_then(void)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(NEW_YORK);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *named = sm_calendar_zone_name(0, utc);
    g_autofree char *winter = sm_calendar_zone_name(at(zone, "2026-01-15T12:00:00"), zone);
    g_autofree char *summer = sm_calendar_zone_name(at(zone, "2026-07-15T12:00:00"), zone);

    g_assert_cmpstr(winter, ==, "EST, UTC-05:00"); /* a rule is no name */
    g_assert_cmpstr(summer, ==, "EDT, UTC-04:00");
    g_assert_cmpstr(named, ==, "UTC (UTC, UTC+00:00)");
}

static void
periods_begin_on_mondays_or_days_at_seven(void)
{
    static const struct {
        gint64 every;
        const char *now, *begin;
    } cases[] = {
        {7 * 86400, "2026-11-30T07:00:00", "2026-11-30T07:00:00"}, /* a Monday */
        {7 * 86400, "2026-11-30T06:59:59", "2026-11-23T07:00:00"},
        {7 * 86400, "2026-12-06T23:59:59", "2026-11-30T07:00:00"},
        {7 * 86400, "2026-11-01T12:00:00", "2026-10-26T07:00:00"}, /* the clock changes */
        {14 * 86400, "2026-12-06T12:00:00", "2026-11-23T07:00:00"},
        {86400, "2026-03-08T06:59:59", "2026-03-07T07:00:00"}, /* it changes again */
        {86400, "2026-03-08T07:00:00", "2026-03-08T07:00:00"},
        {86400, "2027-01-01T00:00:00", "2026-12-31T07:00:00"},
        {3600, "2026-11-30T07:10:00", "2026-11-30T07:00:00"},
        {90 * 60, "1970-01-01T04:31:00", "1970-01-01T04:00:00"}, /* 09:00 UTC */
    };
    g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(NEW_YORK);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].now);
        g_assert_cmpint(sm_calendar_period(at(zone, cases[i].now), zone, cases[i].every), ==,
                        at(zone, cases[i].begin));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/calendar/weeks", weeks_begin_on_monday_at_midnight);
    g_test_add_func("/calendar/weeks/clock", a_week_with_a_change_of_the_clock_is_no_168_hours);
    g_test_add_func("/calendar/months", months_are_the_calendars);
    g_test_add_func("/calendar/season", a_season_begins_on_the_first_of_august);
    g_test_add_func("/calendar/find", a_time_is_in_the_period_that_has_begun_last);
    g_test_add_func("/calendar/zone", the_zone_is_named_as_it_holds_then);
    g_test_add_func("/calendar/periods begin on Mondays or days at seven",
                    periods_begin_on_mondays_or_days_at_seven);
    return g_test_run();
}
