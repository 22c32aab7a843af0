/*
 * One call for many threads, as for an fsync: a thread that asks while a call is under way waits
 * for the next one, which serves all threads that wait by then.
 */
#pragma once

#include <glib.h>

typedef struct SmTogether SmTogether;

/* Caller frees with sm_together_free(). */
SmTogether *sm_together_new(void);

/* Frees together; no thread may wait for it. */
void sm_together_free(SmTogether *together);

typedef gboolean (*SmTogetherDo)(gpointer data, GError **error);

/*
 * TRUE when act has run from begin to end since the call began, with this data or that of
 * another thread. Its SM_ERROR_ code, which all get that it was to serve, and whoever comes later.
 * together may be NULL: nobody else asks.
 */
gboolean sm_together(SmTogether *together, SmTogetherDo act, gpointer data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmTogether, sm_together_free)
