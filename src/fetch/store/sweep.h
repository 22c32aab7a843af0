/*
 * Part files that no row of the ledger has: left behind if a ledger was lost or restored from a
 * backup. Those of dead processes that a row does know are its next attempt's to resume or remove.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

/*
 * Removes such parts from the account's directory, once they are an hour old.
 * Returns how many; says what cannot be examined or removed in the log only.
 */
guint sm_sweep(SmLedger *ledger, const SmAccount *account);
