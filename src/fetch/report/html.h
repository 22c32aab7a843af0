/* HTML by text: the one way by which a report puts words into a page, so that none can be markup.
 */
#pragma once

#include <glib.h>

/*
 * Appends form, in which %s is text: cleaned (text.h) and escaped for elements and quoted
 * attributes; NULL is "". Besides, form may have %d, G_GINT64_FORMAT and %%.
 */
void sm_html_add(GString *to, const char *form, ...) G_GNUC_PRINTF(2, 3);

/* Appends a time element (seconds since 1970) as local has it: sm_text_time() or sm_text_day(); or
 * "never" for 0. */
void sm_html_add_time(GString *to, gint64 when, char *(*local)(gint64 when));

/* "12,345". Caller frees. */
char *sm_html_number(gint64 number);

/* "1 file", "12,345 files": of a word whose plural ends in s. Caller frees. */
char *sm_html_count(gint64 number, const char *word);

/* "40 s", "6 min", "2 h 10 min", "3 days 4 h": the two largest units of a time in seconds. Caller
 * frees. */
char *sm_html_span(gint64 seconds);
