/*
 * Queued delivery: what is left to the worker goes to the spool, and nothing
 * else is opened.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "common/event/event.h"

/*
 * Puts event into the spool. SM_ERROR_IO; SM_ERROR_WORKER where it is there, but
 * no worker has taken anything over for two intervals.
 */
gboolean sm_queue_put(const SmConfig *config, const SmEvent *event, GError **error);
