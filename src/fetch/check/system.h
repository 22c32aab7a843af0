/* What is around scorefetch: the filter and its sandbox, and who is told of what. */
#pragma once

#include "fetch/check/check.h"

/* The filter beside us: its version, and what the kernel offers for its sandbox. */
void sm_check_sandbox(SmCheck *check, const SmAccount *none);

/* Whether somebody is told what goes wrong. */
void sm_check_alerts(SmCheck *check, const SmAccount *none);

/* Whether scorefetch tell runs, where alerts and on-stored are left to it: by what has waited for
 * it for longer than two intervals of the worker. */
void sm_check_tell(SmCheck *check, const SmAccount *none);

/* Sends a test alert by every way that is configured. */
void sm_check_alert_test(SmCheck *check, const SmAccount *none);

/* Whether what works for the account can close itself in (enclosure.h). */
void sm_check_enclosure(SmCheck *check, const SmAccount *account);

/* Whether on-stored can be run. */
void sm_check_hook(SmCheck *check, const SmAccount *account);
