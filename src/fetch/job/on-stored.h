/*
 * on-stored: the hook that runs at least once for each stored file, even if the process that stored
 * it died in between. Its failure never changes what is stored.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

/*
 * Runs the account's due hooks; name: of that one only, NULL: of all.
 * deadline: monotonic time at which the command is ended, whatever on-stored-limit
 * says, in microseconds; 0: none. One that another process is telling is left to
 * that. A failure is recorded, said in the log and an alert, tried again later;
 * so nothing here fails its caller. Where the outcome cannot be recorded, nothing
 * more is told with this ledger (SmLedger, hooks_off). Returns how many were told
 * in vain, or without a record.
 */
guint sm_on_stored(SmLedger *ledger, const SmAccount *account, const char *name, gint64 deadline);
