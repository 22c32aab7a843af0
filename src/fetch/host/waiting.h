/* Tells a person at a terminal what a command waits for, once that takes more than a moment. */
#pragma once

#include <glib.h>

typedef struct SmWaiting SmWaiting;

/* Says that what is waited for, until that time (monotonic, microseconds) at the latest, if
 * standard error is a terminal. */
void sm_waiting_say(const char *what, gint64 until);

/* From here on what is waited for: the same is said in a second. NULL where standard error is no
 * terminal. */
SmWaiting *sm_waiting_start(const char *what, gint64 until);

/* It has come, or not. Frees waiting. */
void sm_waiting_end(SmWaiting *waiting);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmWaiting, sm_waiting_end)
