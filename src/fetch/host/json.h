/* JSON for scripts, the same in all commands that print it. */
#pragma once

#include "fetch/host/autoptr.h"

/* The version of all that is printed as JSON: a member that goes, or means something else, makes it
 * one more; a new member does not. */
enum { SM_JSON_SCHEMA = 1 };

/* A string; null for NULL. */
void sm_json_add_text(cJSON *to, const char *key, const char *text);

/* A number; null where it is negative, which means that it is not known. */
void sm_json_add_number(cJSON *to, const char *key, gint64 number);

/* ISO 8601 in UTC; null for a time that is not set (0). */
void sm_json_add_time(cJSON *to, const char *key, gint64 when);

/* On standard output without a line break, on one line; takes json. For what is printed as it is
 * read: a year of files as one value would take a quarter of a gigabyte. */
void sm_json_write(cJSON *json);

/* On standard output, with a line break at its end. */
void sm_json_print(const cJSON *json);
