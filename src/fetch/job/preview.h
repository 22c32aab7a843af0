/* The dry run: prints what would be done with an event, and why. */
#pragma once

#include "common/config/config.h"
#include "common/event/event.h"
#include "fetch/ledger/ledger.h"
#include "fetch/rules/listing.h"

/* Prints a line for each name; calls, creates and changes nothing. SM_ERROR_LEDGER, SM_ERROR_IO.
 */
gboolean sm_preview(SmLedger *ledger, const SmConfig *config, const SmEvent *event, GError **error);

/* The same for a file that the listing has. SM_ERROR_LEDGER. */
gboolean sm_preview_listed(SmLedger *ledger, const SmAccount *account, const SmListed *listed,
                           GError **error);
