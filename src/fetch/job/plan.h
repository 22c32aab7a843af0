/* The dry run: what would be done with an event, and why, on standard output. */
#pragma once

#include "common/event/event.h"
#include "fetch/commands/session.h"
#include "fetch/rules/listing.h"

/* Prints a line for each name; nothing is called, created or changed. */
gboolean sm_plan(SmSession *session, const SmEvent *event, GError **error);

/* The same for a file that the listing has. */
gboolean sm_plan_listed(SmLedger *ledger, const SmAccount *account, const SmListed *listed,
                        GError **error);
