/* What a site has besides its configuration: a user, groups, folders, units. For root. */
#pragma once

#include "fetch/setup/plan.h"

#define SM_SITE_USER "scoremail"
#define SM_SITE_STATE "/var/lib/scoremail"

/* Adds user and groups to the plan, where they are missing, the folders, and each of members (NULL:
 * none) to those who may leave events. */
void sm_site_plan(SmPlan *plan, char **members);

/*
 * Adds what lets the units write to directories that their own settings keep read-only: a
 * drop-in for each unit, or none where all lie below the site's state.
 */
void sm_site_plan_directories(SmPlan *plan, const char *const *directories);

/* Adds the commands that enable and start the units; or, where systemd runs, the reverse. */
void sm_site_plan_units(SmPlan *plan, gboolean on);

/* A word of a unit's setting as systemd reads it: quoted, and % twice. Caller frees. */
char *sm_site_quote(const char *word);
