/*
 * Text that came from outside (headers, a server's answers, file names on
 * disk) before it is printed, logged or recorded: one place for cleaning and
 * one for redaction.
 */
#pragma once

#include <glib.h>

enum { SM_TEXT_SHOWN_MAX = 60 }; /* bytes of a wrong value that a message repeats */

/*
 * A copy of at most max bytes, valid UTF-8, each run of control characters,
 * line breaks, direction marks and invalid bytes become one '?', white space one
 * blank; cut at a character's border. NULL gives "". Caller frees.
 */
char *sm_text_clean(const char *text, gsize max);

/* Whether length bytes would pass sm_text_clean() unchanged (but for their length). */
gboolean sm_text_is_clean(const char *text, gsize length);

/* For g_ptr_array_sort() of strings: in the order of their bytes, whatever the locale. */
gint sm_text_compare(gconstpointer a, gconstpointer b);

/* A number of bytes for people, "12.3 kB", with a plain blank so that grep finds it. Caller frees.
 */
char *sm_text_size(guint64 bytes);

/* A time (seconds since 1970), local or in UTC, as g_date_time_format() has it; "?" for one that no
 * calendar has. Caller frees. */
char *sm_text_date(gint64 when, gboolean utc, const char *format);

/* For people: "2026-03-28 22:13". */
char *sm_text_time(gint64 when);

/* Its day: "2026-03-28". */
char *sm_text_day(gint64 when);

/* For programs, by ISO 8601: "2026-03-28T22:13:23Z". */
char *sm_text_time_utc(gint64 when);

/* length bytes as lower-case hex. Caller frees. */
char *sm_text_hex(const guint8 *bytes, gsize length);

/*
 * A URL that may be printed: scheme, host and path, without user, query and fragment, since a
 * presigned URL's query is a key to the file. Cleaned. Caller frees.
 */
char *sm_text_redact_url(const char *url);

/* A domain in the form in which two can be compared: lower case, ASCII (IDNA), without a final dot.
 * NULL where it is none. Caller frees. */
char *sm_text_domain(const char *domain);

/* The same for an address, or a domain alone; its domain as it is where it is none. Caller frees.
 */
char *sm_text_address(const char *address);
