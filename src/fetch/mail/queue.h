/*
 * Queued delivery: what is left to the worker goes to the spool, and nothing
 * else is opened.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "common/event/event.h"

/*
 * Parts the names of event by the delivery of their accounts: *queued and
 * *inlined become events of their own, NULL where there is nothing for one. A
 * name without an account, and an event without a name, are queued where any
 * account is: whoever delivers may not be allowed to open the ledger.
 */
void sm_queue_split(const SmConfig *config, const SmEvent *event, SmEvent **queued,
                    SmEvent **inlined);

/*
 * Puts event into the spool. SM_ERROR_IO; SM_ERROR_WORKER where it is there, but
 * no worker has taken anything over for two intervals.
 */
gboolean sm_queue_put(const SmConfig *config, const SmEvent *event, GError **error);
