/*
 * What in a survey needs a person, and how urgently: the one table by which
 * `status --exit-code` answers as a monitoring plugin does. Pure: survey in,
 * concerns out.
 */
#pragma once

#include <glib.h>

#include "fetch/status/survey.h"

/* The numbers are the exit codes of a monitoring plugin. */
typedef enum { SM_LEVEL_OK, SM_LEVEL_WARNING, SM_LEVEL_CRITICAL } SmLevel;

typedef struct {
    SmLevel level;
    SmAlertKind kind;    /* what to do about it, and who: sm_alert_advice(), sm_alert_doer() */
    const char *account; /* "" for the whole program; lives as long as the survey */
    char *text;          /* one line */
} SmConcern;

/* "ok", "warning", "critical". */
const char *sm_level_name(SmLevel level);

/*
 * Whether the alert still counts: some stand until they are cleared, some tell of
 * something that happened once and count for three days, and for some there is nothing
 * to judge by but what they were about, which the survey has itself.
 */
gboolean sm_verdict_stands(const SmAlertRow *alert, gint64 now);

/* The concerns, the most urgent first, in the order of the accounts: of SmConcern. */
GPtrArray *sm_verdict_new(const SmSurvey *survey);

/* "warning: ACCOUNT: what". Caller frees. */
char *sm_concern_line(const SmConcern *concern);

/* The most urgent of them. */
SmLevel sm_verdict_level(const GPtrArray *concerns);
