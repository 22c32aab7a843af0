/* How long to wait before something is asked for again: growing, jittered, bounded. */
#pragma once

#include <glib.h>

enum { SM_PAUSE_LONGEST = 6 * 3600 }; /* seconds: of all of them */

/*
 * Whether a pause that ends at until still holds at the time now: one that
 * reaches further than any was noted by a clock that has been set back since, and
 * would hold for as long as that was wrong.
 */
gboolean sm_pause_holds(gint64 until, gint64 now);

/*
 * Milliseconds before try number failed+1, after failed (1, 2, ...) failures in
 * a row: 0.5 s doubling up to a minute, spread over its upper half by luck (0 to
 * 1, a random number), so that many processes do not come back together; never
 * less than retry_after seconds (of a Retry-After header; 0: none).
 */
guint sm_pause_ms(guint failed, double luck, guint retry_after);

/*
 * Seconds until the service is asked again for a name of which it has said so
 * many times (1, 2, ...) that it has no such file: 1, 2, 4 ... 30 minutes.
 */
guint sm_pause_missing(guint times);

/* Seconds until on-stored runs again after so many failures (1, 2, ...): from a minute up to six
 * hours. */
guint sm_pause_handover(guint times);

/* A name that was missing for so long and so often has failed. */
gboolean sm_pause_missing_over(gint64 missing_for, guint times);
