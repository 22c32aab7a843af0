/* What starts the worker and sync again: the units of a site, or cron. */
#pragma once

#include "fetch/setup/agent.h"

/* "timer" where systemd runs and it is a site's, else "cron" where that is installed, else "none".
 * Static. */
const char *sm_schedule_find(const SmPlace *place);

/* Whether choice is one: "timer" (a site's alone), "cron" or "none". SM_ERROR_USAGE. */
gboolean sm_schedule_check(const SmPlace *place, const char *choice, GError **error);

/*
 * Adds to the plan what choice needs. A crontab is edited between our marks and never lost: where
 * it cannot be read as a whole, SM_ERROR_DIRECTORY.
 */
gboolean sm_schedule_plan(SmPlan *plan, const char *choice, const SmPlace *place, GError **error);
