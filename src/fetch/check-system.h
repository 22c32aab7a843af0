/* What is around scorefetch: the filter and its sandbox, and who is told of failures. */
#pragma once

#include "check.h"

/* The filter beside us: its version, and what the kernel offers for its sandbox. */
void sm_check_sandbox(SmCheck *check, const SmAccount *none);

/* Whether somebody is told what goes wrong. */
void sm_check_alerts(SmCheck *check, const SmAccount *none);
