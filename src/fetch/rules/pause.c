#include "fetch/rules/pause.h"

enum {
    FIRST_MS = 500,
    LAST_MS = 60 * 1000,
    MISSING_FIRST = 60,         /* seconds */
    MISSING_LAST = 30 * 60,     /* seconds */
    MISSING_FOR_LONG = 60 * 60, /* seconds */
    MISSING_OFTEN = 5,
    HANDOVER_FIRST = 60, /* seconds */
    HANDOVER_LAST = SM_PAUSE_LONGEST,
    RETRY_AFTER_MAX = 3600, /* seconds: a longer one would outlive every queue */
};

static guint64
doubled(guint64 first, guint failed, guint64 last)
{
    return MIN(first << MIN(failed > 0 ? failed - 1 : 0, 20), last);
}

guint
sm_pause_ms(guint failed, double luck, guint retry_after)
{
    guint64 full = doubled(FIRST_MS, failed, LAST_MS);
    guint64 jittered = full / 2 + (guint64)(luck * (double)(full / 2));

    return (guint)MAX(jittered, (guint64)MIN(retry_after, RETRY_AFTER_MAX) * 1000);
}

guint
sm_pause_missing(guint times)
{
    return (guint)doubled(MISSING_FIRST, times, MISSING_LAST);
}

guint
sm_pause_handover(guint times)
{
    return (guint)doubled(HANDOVER_FIRST, times, HANDOVER_LAST);
}

gboolean
sm_pause_missing_over(gint64 missing_for, guint times)
{
    return missing_for >= MISSING_FOR_LONG && times >= MISSING_OFTEN;
}

gboolean
sm_pause_holds(gint64 until, gint64 now)
{
    return until > now && until - now <= SM_PAUSE_LONGEST;
}
