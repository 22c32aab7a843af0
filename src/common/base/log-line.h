/*
 * A line of the log: key=value, one blank between, so that people read it and
 * programs take it apart. Pure.
 */
#pragma once

#include <glib.h>

/*
 * Adds " KEY=VALUE" to line (without the blank where it is empty). A value with
 * blanks, quotes, backslashes or "=" in it, and an empty one, stands in double
 * quotes, with quotes and backslashes behind a backslash. It is cleaned by
 * sm_text_clean().
 */
void sm_log_line_add(GString *line, const char *key, const char *value);
