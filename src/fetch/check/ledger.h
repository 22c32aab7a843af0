/* The ledger. */
#pragma once

#include "fetch/check/check.h"

/* Also opens it as check->seen, where that can be done without changing anything. */
void sm_check_ledger(SmCheck *check, const SmAccount *none);
