/* scorefetch status --watch: a view in the terminal that renews itself. */
#pragma once

#include "fetch/commands/commands.h"

/*
 * Shows it until a person or a signal ends it. It only looks; where the ledger or the spool does
 * not answer, it says so and still ends at once. SM_ERROR_USAGE without a terminal; what stands in
 * the way of the first look, as sm_ledger_open() has it.
 */
gboolean sm_status_watch(SmSession *session, GError **error);
