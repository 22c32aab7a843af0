/* The top of the report's page: how things stand. Each function appends a section. */
#pragma once

#include "fetch/report/overview.h"

/* Whether all is well: a sentence, and what to do about each concern, and who. */
void sm_standing_verdict(GString *to, const SmOverview *overview);

/* The most important numbers. */
void sm_standing_figures(GString *to, const SmOverview *overview);

/* A card for each account, or for the first of very many. */
void sm_standing_accounts(GString *to, const SmOverview *overview);
