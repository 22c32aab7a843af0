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

/* An event's names and, found out once, whose each is and whether its sender may announce it. */
typedef struct SmDelivery SmDelivery;

/* config and event must live as long. Caller frees. */
SmDelivery *sm_delivery_new(const SmConfig *config, const SmEvent *event);

/* Frees delivery. */
void sm_delivery_free(SmDelivery *delivery);

/*
 * Takes the names that the worker is to fetch out of delivery, as an event of
 * their own: NULL where there are none. A name without an account, and an event
 * without a name, are queued where any account is: whoever delivers may not be
 * allowed to open the ledger. Caller frees.
 */
SmEvent *sm_delivery_take_queued(SmDelivery *delivery);

/* Adds the accounts (SmAccount) that its names belong to, each once. */
void sm_delivery_add_accounts(const SmDelivery *delivery, GPtrArray *accounts);

/* Whether it has no name left, nor stands for an event without one. */
gboolean sm_delivery_is_empty(const SmDelivery *delivery);

/* The account that all of its names belong to; NULL where there is none that can be used, or are
 * several. */
const SmAccount *sm_delivery_only_account(const SmDelivery *delivery);

/* The event for the names that delivery has; NULL where it has none. Caller frees. */
SmEvent *sm_delivery_event(const SmDelivery *delivery);

/*
 * Commits each name under the account that it belongs to, before anything else
 * is done about it. The same event again changes nothing. One
 * without a name is recorded, alerted and so done. What its sender may not
 * announce (senders.h) is recorded as refused, and nothing else: no alert, no
 * row of the file, no look at the listing. SM_ERROR_LEDGER.
 */
gboolean sm_delivery_record(const SmDelivery *delivery, SmLedger *ledger, GError **error);

/*
 * Takes each name, once recorded, as far as it goes, and says what became
 * of it. The exit code is EX_OK, or EX_TEMPFAIL where a later try can succeed:
 * but that has an end, defer_for seconds after the message was received
 * (sm_event_is_overdue), after which the ledger's row waits for the worker alone.
 */
int sm_delivery_act(const SmDelivery *delivery, SmLedger *ledger, guint defer_for);

/*
 * Whether fixing the configuration may still assign a name: it has no account now, but one of the
 * accounts is broken, or the one of --account does not exist.
 */
gboolean sm_delivery_may_find(const SmDelivery *delivery);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmDelivery, sm_delivery_free)
