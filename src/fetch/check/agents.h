/*
 * Which mail agent is here, and whether its configuration calls scoremail: by
 * looking for that word in the places where each agent is told what to do.
 */
#pragma once

#include "fetch/check/check.h"

/* Finds each mail agent that is installed here, and whether it calls scoremail. */
void sm_check_agents(SmCheck *check, const SmAccount *none);

/* Whether a line of text that is no comment (#) has word in it. Pure. */
gboolean sm_check_mentions(const char *text, const char *word);
