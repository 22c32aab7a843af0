/*
 * What systemd says of a site's units: whether they are on and at work, and what they may write.
 * A person who asks at a prompt has another view of the file system than a confined unit.
 */
#pragma once

#include "fetch/check/check.h"

/* Whether unit, as shown there, may write to what is at path, absolute and without links; TRUE of a
 * unit that is not installed. Pure. */
gboolean sm_units_may_write(const char *shown, const char *unit, const char *path);

/* Whether unit is installed and not started at boot; FALSE where systemd does not run, or for a
 * person's configuration. */
gboolean sm_units_is_off(SmCheck *check, const char *unit);

/* Whether a site's socket, timers and services are enabled, running and not masked. Nothing is said
 * where systemd does not run, or of what is not installed. */
void sm_check_units(SmCheck *check, const SmAccount *none);

/* Whether the worker's and sync's units may write to ledger, spool and log. */
void sm_check_units_view(SmCheck *check, const SmAccount *none);

/* The same of the account's directory and gnupg-home. */
void sm_check_units_view_of(SmCheck *check, const SmAccount *account);
