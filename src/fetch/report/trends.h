/* The charts of the report's page. Each function appends a section. */
#pragma once

#include "fetch/report/overview.h"

/* Files per week, this year and the year before. */
void sm_trends_weeks(GString *to, const SmOverview *overview);

/* By month: how long files took, and how they came. */
void sm_trends_months(GString *to, const SmOverview *overview);
