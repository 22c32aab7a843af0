/* The answer of files/list, and the dates in it. */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>

#include "emulator/base/files.h"

/* 2017-03-28T22:13:23-0000, and nothing else that ISO 8601 allows, as seconds since 1970. */
gboolean sm_listing_parse_date(const char *text, gint64 *seconds);

/*
 * {"files":[...]} with the files that were modified at from (seconds since
 * 1970) or later; {"files":null} when there is none, as the service may say it.
 * Caller owns.
 */
cJSON *sm_listing_json(SmFiles *files, gint64 from);
