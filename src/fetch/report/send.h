/* Sends the report of this period to report-mail, if it is due. */
#pragma once

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

/*
 * Of several processes, also on several hosts that share the ledger, one sends it, once in a period
 * (calendar.h). The ledger says that it is being sent before it is: where a process dies in
 * between, it may have been sent or not, and is not sent again. What fails raises SM_ALERT_REPORT
 * and is tried again a quarter of an hour later. It takes some half a minute at most. FALSE where
 * it failed now.
 */
gboolean sm_report_send(const SmConfig *config, SmLedger *ledger);

/* Whether the report of a period that began before that time is due and was not tried: nothing
 * sends it. The first one has no such time. */
gboolean sm_report_is_late(const SmConfig *config, SmLedger *ledger, gint64 before);
