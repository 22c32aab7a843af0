/*
 * The end of a long run on demand: SIGINT, SIGTERM or SIGHUP calls a function,
 * so that what is under way ends in good order. A second one, a second later, ends the process.
 */
#pragma once

#include <glib.h>

typedef struct SmStop SmStop;

/*
 * From here on the signals call stop(data), in a thread of this module's; start it
 * before any other thread. NULL, with the signals as they were, if that cannot be had.
 */
SmStop *sm_stop_new(void (*stop)(gpointer data), gpointer data);

/* The signals are as they were. */
void sm_stop_free(SmStop *stop);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmStop, sm_stop_free)
