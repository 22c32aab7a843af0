/* The answer of files/list, and the dates in it. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

#include "emulator/base/files.h"

/*
 * A fromDate as seconds since 1970; FALSE if it is none. strict: the documented
 * form alone, 2017-03-28T22:13:23-0000. Else every form that clients send: zone
 * +0000, -0000, +00:00, Z or none (UTC), a '+' that became a blank, fractions of
 * a second (dropped), a date alone.
 */
gboolean sm_listing_parse_date(const char *text, gboolean strict, gint64 *seconds);

/*
 * {"files":[...]} with the files that were modified at from (seconds since
 * 1970) or later; without any, empty, which is JSON, stands for the array, or nothing does
 * where it is none. Caller owns.
 */
cJSON *sm_listing_json(SmFiles *files, gint64 from, const char *empty);
