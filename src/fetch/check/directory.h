/* An account's directory. */
#pragma once

#include "fetch/check/check.h"

/* Whether it is there, writable, as private as it should be, and has room. */
void sm_check_directory(SmCheck *check, const SmAccount *account);
