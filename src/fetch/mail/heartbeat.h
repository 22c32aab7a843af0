/*
 * The worker's heartbeat: while it is at work, however long one file takes, the
 * spool shows that it is. In a thread of its own; what the worker does is
 * bounded by give-up-after, so that none that beats has stopped for good.
 */
#pragma once

#include <glib.h>

typedef struct SmHeartbeat SmHeartbeat;

/*
 * Beats now, and then four times in each interval (seconds), in the spool that
 * fd is open on, which must stay open for as long. NULL and SM_ERROR_IO where
 * the first beat fails, SM_ERROR_INTERNAL without a thread: then nothing has beaten.
 */
SmHeartbeat *sm_heartbeat_start(int spool, guint interval, GError **error);

/* Beats once more and ends it. */
void sm_heartbeat_stop(SmHeartbeat *heartbeat);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmHeartbeat, sm_heartbeat_stop)
