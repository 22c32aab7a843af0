/*
 * Sends the alerts that the ledger has and that are due: each kind once in
 * alert-every and account, by mail to alert-mail and as JSON to alert-command.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

enum { SM_ALERT_BUDGET = 10 }; /* seconds */

/*
 * Sends what is due, in at most some SM_ALERT_BUDGET seconds; what is not sent
 * by then, or cannot be sent by either way, stays due for the next command, and
 * so it does if this process is killed. What fails is logged and nothing else:
 * the caller's outcome stays what it is. Of several processes one sends.
 */
void sm_alert_send(const SmConfig *config, SmLedger *ledger);

/* The command that mails to addresses: sendmail's words behind before, a program that becomes it
 * (NULL: none). Caller frees. */
GStrv sm_alert_sendmail(const SmConfig *config, const char *before, char **addresses);

/* Sends a made-up alert of the kind "test" by each way that config has, whatever the ledger says.
 * SM_ERROR_IO where one of them fails. */
gboolean sm_alert_test(const SmConfig *config, GError **error);
