/*
 * The pace of an account's calls, common to all that make them: where the
 * service is overloaded (429, 503) or says Retry-After, nobody calls before that
 * time; so many transfers at a time and no more. And the end of the run: whoever
 * waits here is woken by it. For several threads; a NULL pace holds nobody up and
 * never ends.
 */
#pragma once

#include <glib.h>

#include "fetch/http/shared.h"

/* transfers: how many may be under way at once. */
SmPace *sm_pace_new(guint transfers);

/* Frees pace; NULL is allowed. */
void sm_pace_free(SmPace *pace);

/*
 * Waits until a call may be made. SM_ERROR_SERVICE when that is later than
 * latest (monotonic time, microseconds), SM_ERROR_LIMIT when the run has ended.
 */
gboolean sm_pace_wait(SmPace *pace, gint64 latest, GError **error);

/* Seconds until a call may be made; 0: now. */
guint sm_pace_left(SmPace *pace);

/* What an answer said: its status, and the seconds of its Retry-After (0: none). */
void sm_pace_answer(SmPace *pace, long status, guint retry_after);

/*
 * Waits until one more file may be worked on, of twice as many as there are transfers, since
 * some pause between two tries. *begun: it may; FALSE when the run has ended.
 */
void sm_pace_begin_file(SmPace *pace, gboolean *begun);

/* Ends what sm_pace_begin_file() began, if it is *begun still, which becomes FALSE; begun may be
 * NULL. */
void sm_pace_end_file(SmPace *pace, gboolean *begun);

/*
 * Waits until a transfer can start, before its URL is asked for; SM_ERROR_LIMIT when the run
 * has ended. Its end is told by sm_pace_end_transfer().
 */
gboolean sm_pace_begin_transfer(SmPace *pace, GError **error);

/* Ends a transfer that sm_pace_begin_transfer() began. */
void sm_pace_end_transfer(SmPace *pace);

/* Waits until that monotonic time; FALSE when the run ended before. */
gboolean sm_pace_sleep(SmPace *pace, gint64 until);

/* Ends the run: waits end, and calls are refused. */
void sm_pace_stop(SmPace *pace);

/* Whether sm_pace_stop() was called. */
gboolean sm_pace_has_stopped(SmPace *pace);

/* SM_ERROR_LIMIT: what is said of work that the run's end cut short. Returns FALSE. */
gboolean sm_pace_set_stopped(GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmPace, sm_pace_free)
