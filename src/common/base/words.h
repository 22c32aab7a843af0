/* Words that a person, or a recipe, has typed. */
#pragma once

#include <glib.h>

/*
 * How many letters to insert, delete, change or swap to make known of typed; 1 where typed is what
 * known has before a hyphen. G_MAXUINT where that is too many for known to be what was meant.
 */
guint sm_nearness(const char *typed, const char *known);

/* Whether none of the words, a NULL-terminated argv, is empty, nor an option's value behind "=": a
 * recipe whose variable is not set shall not count as one without the option. SM_ERROR_USAGE, with
 * the option's name. */
gboolean sm_words_are_filled(char *const *words, GError **error);
