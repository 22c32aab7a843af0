/* The sections of the report's page, from its top on. Each function appends one. */
#pragma once

#include "fetch/report/overview.h"

/* Whether all is well: a sentence, and what to do about each concern, and who. */
void sm_standing_verdict(GString *to, const SmOverview *overview);

/* The most important numbers. */
void sm_standing_figures(GString *to, const SmOverview *overview);

/* A card for each account, or for the first of very many. */
void sm_standing_accounts(GString *to, const SmOverview *overview);

/* Files per week, this year and the year before. */
void sm_trends_weeks(GString *to, const SmOverview *overview);

/* By month: how long files took, and how they came. */
void sm_trends_months(GString *to, const SmOverview *overview);

/* The newest files. */
void sm_lists_newest(GString *to, const SmOverview *overview);

/* Corrected files with both versions. */
void sm_lists_corrections(GString *to, const SmOverview *overview);

/* What is missing: files not wanted, a format that never came, silence. */
void sm_lists_gaps(GString *to, const SmOverview *overview);
