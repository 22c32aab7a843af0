/* A person's own units: timers that start worker and sync, in the systemd of that user. */
#pragma once

#include "fetch/setup/agent.h"

/* Whether a systemd of our user's is at work, as after a login. */
gboolean sm_own_units_can(void);

/*
 * Adds units, their start, and that they go on after a logout, to the plan. A file of these names
 * that is not setup's stays, and a note says so.
 */
void sm_own_units_plan(SmPlan *plan, const SmPlace *place);

/* Adds to the plan that timers which setup has started are stopped. */
void sm_own_units_plan_stop(SmPlan *plan, const SmPlace *place);
