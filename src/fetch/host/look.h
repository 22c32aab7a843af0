/*
 * Looks at files and directories within a time limit: on a dead share the call would block for
 * ever. A thread of its own makes the call, and is left behind if it does not return.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"

typedef struct SmLook SmLook;

/* Begins to look at paths, one after the other, with NULL behind them, and waits for a moment,
 * since most answer at once. Caller frees with sm_look_free(). */
SmLook *sm_look_begin(const char *const *paths);

/* Whether all have answered, also that they are not there; waits until that monotonic time for it,
 * and longer where the thread does not hang but waits for a processor.
 */
gboolean sm_look_is_over(SmLook *look, gint64 until);

/* The one that is asked and has not answered; NULL: all have. It lives as long as look. */
const char *sm_look_silent(SmLook *look);

/* Looks at what these accounts (of SmAccount) need, all at once, with one limit for them all, in
 * microseconds: one share may hold them. An SmLook for each. Caller frees. */
GPtrArray *sm_look_at_all(const GPtrArray *accounts, gint64 limit_us);

/* "DEVICE:INODE" of the first of its paths, a directory; NULL where it is not there, or no answer
 * is. Caller frees. */
char *sm_look_identity(SmLook *look);

/* Leaves the look to itself. */
void sm_look_free(SmLook *look);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmLook, sm_look_free)
