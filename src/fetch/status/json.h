/* What `scorefetch status --json` prints; scorefetch(1) has the members. */
#pragma once

#include "fetch/host/autoptr.h"
#include "fetch/status/survey.h"

/* files: of SmFile, all that are shown; more: whether there are others. Caller frees. */
cJSON *sm_status_json(const SmSurvey *survey, const GPtrArray *concerns, const GPtrArray *files,
                      gboolean more);
