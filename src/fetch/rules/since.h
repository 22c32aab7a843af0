/* The times that a person may say with --since, and the form in which the service wants one. */
#pragma once

#include <glib.h>

/*
 * Reads WHEN at the time now (seconds since 1970): a date, or date and time, in
 * ISO 8601 (local time unless it says a zone), a span back from now (7d, 12h,
 * 30min), or `last`, the last complete sync (0: there was none). *since becomes
 * seconds since 1970. SM_ERROR_USAGE, which says what is allowed.
 */
gboolean sm_since_parse(const char *text, gint64 now, gint64 last, gint64 *since, GError **error);

/*
 * Reads what option has for a value, as above but without `last`, and of any time; *time becomes
 * seconds since 1970, 0 where text is NULL. SM_ERROR_USAGE.
 */
gboolean sm_since_read(const char *option, const char *text, gint64 now, gint64 *time,
                       GError **error);

/* As in 2017-03-28T22:13:23-0000: needs no escaping in a URL. Caller frees. */
char *sm_since_for_service(gint64 since);

/*
 * Seconds since 1970 of an ISO 8601 time, whose zone may also be +hhmm or
 * missing (then it is zone's); minutes and seconds may be missing. FALSE if it is none.
 */
gboolean sm_since_read_time(const char *text, GTimeZone *zone, gint64 *time);
