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
