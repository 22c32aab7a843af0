/* The tables of the report's page. Each function appends a section. */
#pragma once

#include "fetch/report/overview.h"

/* The newest files. */
void sm_lists_newest(GString *to, const SmOverview *overview);

/* Corrected files with both versions. */
void sm_lists_corrections(GString *to, const SmOverview *overview);

/* What is missing: files not wanted, a format that never came, silence. */
void sm_lists_gaps(GString *to, const SmOverview *overview);
