/*
 * What is wrong with the configuration although it could be loaded: files of
 * accounts.d that cannot be used, and accounts whose directories are one by
 * another path (a link, a mount). Loading looks at no directory, since one on a
 * dead share would stop every account; the worker and sync do, with a limit.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

enum { SM_WATCH_CONFIG_LIMIT_MS = 2000 }; /* for all directories to answer */

/*
 * Two enabled accounts with one directory would take each other's files for
 * conflicts: the later of them in the configuration gets a fault (SM_ERROR_CONFIG). A
 * directory that is not there, or does not answer within the limit, is equal to none.
 */
void sm_watch_config_directories(SmConfig *config);

/*
 * Raises SM_ALERT_ACCOUNT of the whole program for the first broken file, and of
 * each enabled account that has a fault, also one of the above, or clears it.
 * Raised anew once a day.
 */
void sm_watch_config(SmLedger *ledger, SmConfig *config, gint64 now);
