/* An account's directory. */
#pragma once

#include "fetch/check/check.h"

/* Looks at the directories of these accounts (of SmAccount) and at the other files that they need,
 * with one limit: check->silent gets those with one that does not answer, and nobody may touch
 * these any more. */
void sm_check_look_for_silent(SmCheck *check, GPtrArray *accounts);

/* Whether it answers, is there, writable, as private as it should be, and has room. */
void sm_check_directory(SmCheck *check, const SmAccount *account);
