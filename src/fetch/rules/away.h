/*
 * Whether an account's other files are worth a try, after some have failed: for
 * whoever works on several, `sync` and `run` alike. By the reach of errors
 * (error.h) alone; the caller locks where threads share it.
 */
#pragma once

#include <glib.h>

typedef struct {
    guint in_a_row; /* failures that may concern all, since the last success */
    gboolean away;  /* no other file is to be begun */
} SmAway;

/*
 * Notes how one file ended (fault: NULL for a success), of which at_a_time are
 * worked on at once: one host that spoils all of these at once is one failure.
 */
void sm_away_note(SmAway *away, const GError *fault, guint at_a_time);
