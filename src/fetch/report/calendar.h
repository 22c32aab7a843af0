/*
 * Weeks, months and the season of a zone's calendar, as times in seconds since 1970. Pure. The
 * season is a school year: it begins on 1 August, before its first SAT.
 */
#pragma once

#include <glib.h>

/*
 * When the last count weeks up to the one of now begin (Mondays, midnight), the oldest first;
 * starts has room for count + 1: the last one is when the week of now ends.
 */
void sm_calendar_weeks(gint64 now, GTimeZone *zone, gint64 *starts, guint count);

/* The same of calendar months. */
void sm_calendar_months(gint64 now, GTimeZone *zone, gint64 *starts, guint count);

/*
 * When the period of now began, of periods of every seconds: of whole weeks on Mondays, of whole
 * days, at 07:00 of the zone; any other since 1970.
 */
gint64 sm_calendar_period(gint64 now, GTimeZone *zone, gint64 every);

/* When the season of now began. */
gint64 sm_calendar_season(gint64 now, GTimeZone *zone);

/* The same date and time a year before; of 29 February, 28 February. */
gint64 sm_calendar_year_before(gint64 when, GTimeZone *zone);

/* In which of count periods, whose starts are as above, a time lies; -1: in none. */
int sm_calendar_find(const gint64 *starts, guint count, gint64 when);

/* "Jan": the month of a time, in English whatever the locale. Static. */
const char *sm_calendar_month_name(gint64 when, GTimeZone *zone);

/* "America/New_York (EST, UTC-05:00)": the zone, if it has a name, and what holds in it at that
 * time. Caller frees. */
char *sm_calendar_zone_name(gint64 when, GTimeZone *zone);
