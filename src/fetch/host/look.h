/*
 * A look at a directory with a limit: one on a dead share does not answer, and whoever asks it
 * waits without end. A thread of its own asks, and is left behind where no answer comes.
 */
#pragma once

#include <glib.h>

typedef struct SmLook SmLook;

/* Begins to look at path, and waits for a moment, since most answer at once. Caller frees with
 * sm_look_free(). */
SmLook *sm_look_begin(const char *path);

/* Whether an answer is there, also that there is no such directory; waits until that monotonic
 * time for it. */
gboolean sm_look_is_over(SmLook *look, gint64 until);

/* Looks at all of paths at once, with one limit for them all, in microseconds: one share may hold
 * them. An array of SmLook, NULL for a path that is NULL. Caller frees. */
GPtrArray *sm_look_at_all(const GPtrArray *paths, gint64 limit_us);

/* "DEVICE:INODE" of the directory; NULL where it is not there, or no answer is. Caller frees. */
char *sm_look_identity(SmLook *look);

/* Leaves the look to itself; NULL is allowed. */
void sm_look_free(SmLook *look);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmLook, sm_look_free)
