/* What starts the worker and sync again: timers of systemd's, a site's or a person's, or cron. */
#pragma once

#include "fetch/setup/agent.h"

/* "cron" where that starts the worker already, else "timer" where systemd runs (a person's own: as
 * after a login), else "cron" where that is installed, else "none". Static. */
const char *sm_schedule_find(const SmPlace *place);

/* The choices there are, each with a word about it, for the question. Static. */
const char *sm_schedule_choices(const SmPlace *place);

/* Whether choice is one of them, in an SmPlace; an SmQuestionCheck. SM_ERROR_USAGE. */
gboolean sm_schedule_check(const char *choice, gpointer place, GError **error);

/*
 * Adds to the plan what choice needs, and takes away what another choice has left. A crontab is
 * edited between our marks and never lost: where it cannot be read as a whole, SM_ERROR_DIRECTORY.
 */
gboolean sm_schedule_plan(SmPlan *plan, const char *choice, const SmPlace *place, GError **error);
