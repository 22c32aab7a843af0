/*
 * That a web service has failed, for whoever asks it next: an account, or a message, that would
 * wait for the same failure is put off instead.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

enum { SM_OUTAGE_HOLDS = 60 }; /* seconds for which a message does not ask a service that failed */

/* Notes that the account's service failed now, if fault says so; what cannot be noted is no
 * failure. A certificate that is refused is none: nobody waits for that. */
void sm_outage_note(SmLedger *ledger, const SmAccount *account, const GError *fault);

/* Notes that it works, where it was noted that it does not: for whoever asks for many files. */
void sm_outage_over(SmLedger *ledger, const SmAccount *account);

/* Whether it has failed for this account, or for that many others, since that time (microseconds
 * since 1970), and not worked since then; FALSE where the ledger cannot tell. What fails for one
 * account may be its own fault: who would put off a whole round asks for two. */
gboolean sm_outage_since(SmLedger *ledger, const SmAccount *account, gint64 since, guint others);
