/* The configuration in use, and its log. */
#pragma once

#include "fetch/check/check.h"

/* Names the configuration in use, its mode and its broken files; and whether the log can be
 * written. */
void sm_check_configuration(SmCheck *check, const SmAccount *none);
