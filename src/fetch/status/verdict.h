/*
 * What in a survey needs a person, and how urgently: the one table by which
 * `status --exit-code` answers as a monitoring plugin does. Pure: survey in,
 * concerns out.
 */
#pragma once

#include <glib.h>

#include "fetch/alert/text.h"
#include "fetch/status/survey.h"

typedef struct {
    SmLevel level;
    SmAlertKind kind;    /* what to do about it, and who: sm_alert_advice(), sm_alert_doer() */
    const char *account; /* "" for the whole program; lives as long as the survey */
    char *text;          /* one line */
} SmConcern;

/* "ok", "warning", "critical". */
const char *sm_level_name(SmLevel level);

/* The concerns, the most urgent first, in the order of the accounts: of SmConcern. */
GPtrArray *sm_verdict_new(const SmSurvey *survey);

/* "warning: ACCOUNT: what". Caller frees. */
char *sm_concern_line(const SmConcern *concern);

/* The most urgent of them. */
SmLevel sm_verdict_level(const GPtrArray *concerns);
