/*
 * Decides what to do with a name now, by its row, the policy, the pauses and the limits on calls.
 * Runs under the claim; makes no call and changes nothing.
 */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

enum { SM_LOOK_PAUSE = 600 /* seconds between two conditional GETs of one name */ };

typedef enum {
    SM_STEP_FETCH,
    SM_STEP_DONE,   /* text is the outcome */
    SM_STEP_SETTLE, /* record state with text as the reason: dropped, not wanted or failed */
    SM_STEP_ERROR,
} SmStepKind;

typedef struct {
    SmStepKind kind;
    SmFileState state;
    char *text;
    guint pause; /* SM_STEP_FETCH: seconds to wait before, a few */
} SmStep;

/*
 * Decides for file at the time now (seconds since 1970). obstacle: the identity
 * of what stands under the name in the destination, NULL if nothing does. SM_ERROR_PAUSED,
 * SM_ERROR_CONFLICT, SM_ERROR_GIVEN_UP, SM_ERROR_UNKNOWN; SM_ERROR_LEDGER.
 */
SmStep sm_decide(const SmJob *job, const SmFile *file, const char *obstacle, gint64 now,
                 GError **error);

/* The outcome line of a row that is stored, dropped or not wanted. Caller frees. */
char *sm_decide_describe(const SmFile *file);
