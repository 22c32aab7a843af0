/* Edits texts that a person keeps, too: what is not ours stays, to the byte. Pure. */
#pragma once

#include <glib.h>

/* The value of key in [group] of text, a configuration; NULL where it has none. Caller frees. */
char *sm_edit_value(const char *text, const char *group, const char *key);

/*
 * text with `key = value` in [group]: in place of the first line that sets it there, else behind
 * the last setting of the group, else in a new group at the end. NULL takes the line out. Caller
 * frees.
 */
char *sm_edit_set(const char *text, const char *group, const char *key, const char *value);

/*
 * text with block between two lines that mark it as ours, where such lines are, else at the top.
 * Lines end as in text. Caller frees.
 */
char *sm_edit_block(const char *text, const char *block);

/* text without that block, and without its marks; NULL where there is none. Caller frees. */
char *sm_edit_without_block(const char *text);
