/*
 * Alerts of what does not happen: the wanted format is not announced, or
 * nothing is. By what the ledger has; each call raises the alert or clears it.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"
#include "fetch/rows/files.h"

/*
 * SM_POLICY_DROPS_MAX names in a row were announced to account in the format
 * that its policy drops, and none since then in the one that it wants. Nothing
 * where the account wants either.
 */
void sm_watch_format(SmLedger *ledger, const SmAccount *account);

/* file is the first of account that is not wanted since its type is a new one, neither csv nor txt
 * nor in extensions: one alert for each type. */
void sm_watch_extension(SmLedger *ledger, const SmAccount *account, const SmFile *file);

/*
 * No sync of account was complete for expect-listing before the time now; an
 * account that never had one is watched from the first call on. Raised anew once a
 * day, as long as that lasts.
 */
void sm_watch_sync(SmLedger *ledger, const SmAccount *account, gint64 now);

/*
 * Nothing was announced to account, and nothing fetched for it otherwise, for
 * expect-every before the time now. An account of which the ledger knows nothing
 * yet is watched from the first call on. Raised anew once a day, as long as that lasts.
 */
void sm_watch_silence(SmLedger *ledger, const SmAccount *account, gint64 now);
