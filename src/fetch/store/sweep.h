/*
 * Removes parts that no row of the ledger has: a ledger was lost or restored. A part of a dead
 * process that a row has is left to the next attempt, which resumes or removes it.
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
