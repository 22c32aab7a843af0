/*
 * That a web service has failed, for whoever asks it next: an account, or a message, that would
 * wait for the same failure is put off instead.
 */
#pragma once

#include "fetch/ledger/ledger.h"

enum { SM_OUTAGE_HOLDS = 60 }; /* seconds for which a message does not ask a service that failed */

/* Notes that the service at url failed now; what cannot be noted is no failure. */
void sm_outage_note(SmLedger *ledger, const char *url);

/* Notes that it works, where it was noted that it does not: for whoever asks for many files. */
void sm_outage_over(SmLedger *ledger, const char *url);

/* Whether it has failed since that time (microseconds since 1970), and not worked since then; FALSE
 * where the ledger cannot tell. */
gboolean sm_outage_since(SmLedger *ledger, const char *url, gint64 since);
