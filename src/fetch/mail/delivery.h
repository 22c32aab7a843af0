/*
 * This room turns messages into jobs: an event is recorded or queued, taken out of the
 * spool, and acted on.
 *
 * One event, as a mail system's message or the spool brings it: committed to
 * the ledger name by name, then acted on.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "common/event/event.h"
#include "fetch/ledger/ledger.h"

/*
 * Commits event, for each name under the account that it belongs to, before
 * anything else is done about it. The same event again changes nothing. One
 * without a name is recorded, alerted and so done. What its sender may not
 * announce (senders.h) is recorded as refused, and nothing else: no alert, no
 * row of the file, no look at the listing. SM_ERROR_LEDGER.
 */
gboolean sm_delivery_record(SmLedger *ledger, const SmConfig *config, const SmEvent *event,
                            GError **error);

/*
 * Takes each name of a recorded event as far as it goes, and says what became
 * of it. The exit code is EX_OK, or EX_TEMPFAIL where a later try can succeed:
 * but that has an end, defer_for seconds after the message was received
 * (sm_event_is_overdue), after which the ledger's row waits for the worker alone.
 */
int sm_delivery_act(SmLedger *ledger, const SmConfig *config, const SmEvent *event,
                    guint defer_for);

/*
 * Whether mending the configuration can still tell whose a name of event is: it
 * has no account as things are, but one of the accounts is broken, or the one
 * that --account named is not there.
 */
gboolean sm_delivery_may_find(const SmConfig *config, const SmEvent *event);
