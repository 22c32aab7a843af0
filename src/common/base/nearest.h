/* For "did you mean": how similar a typed word is to a known one. */
#pragma once

#include <glib.h>

/*
 * How many letters to insert, delete, change or swap to make known of typed; 1 where typed is what
 * known has before a hyphen. G_MAXUINT where that is too many for known to be what was meant.
 */
guint sm_nearness(const char *typed, const char *known);
