/* The configuration in use, and its log. */
#pragma once

#include "fetch/check/check.h"

void sm_check_configuration(SmCheck *check, const SmAccount *none);
