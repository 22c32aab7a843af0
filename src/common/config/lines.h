/*
 * The lines of a configuration file: "[group]", "key = value", "# comment".
 * The form is GKeyFile's, but the reader is stricter: GKeyFile merges
 * groups that stand twice, lets the last of two equal keys win, takes
 * `csv  # comment` for a value, drops keys of other locales without a word,
 * and fails the whole file for one bad line, where the other accounts must
 * go on. Values are taken literally: no quotes, no backslash escapes.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *key;
    char *value; /* never empty, no control characters, no blanks around it */
    guint line;
} SmConfigEntry;

typedef struct {
    char *file;
    char *name; /* what stands between the brackets */
    guint line;
    GPtrArray *entries; /* of SmConfigEntry, in the order of the file, each key once */
    GError *fault;      /* SM_ERROR_CONFIG: the first bad line, left out of entries; NULL: none */
} SmConfigGroup;

/*
 * Splits length bytes of text, read from file, into groups (an array of
 * SmConfigGroup that frees them). A bad line inside a group is that group's
 * fault; what belongs to no group (a byte order mark, a line before the first
 * group, a malformed group header) is SM_ERROR_CONFIG for the whole file and NULL.
 * LF and CRLF end a line.
 */
GPtrArray *sm_config_lines(const char *file, const char *text, gsize length, GError **error);

/* The entry of that key, NULL if there is none. */
const SmConfigEntry *sm_config_entry(const SmConfigGroup *group, const char *key);

/*
 * Sets an SM_ERROR_CONFIG of the form "FILE:LINE: [GROUP] KEY: TEXT", shorter
 * where key is NULL. Does nothing if *error is set: the first mistake is reported.
 */
void sm_config_complain(GError **error, const SmConfigGroup *group, guint line, const char *key,
                        const char *text, ...) G_GNUC_PRINTF(5, 6);
