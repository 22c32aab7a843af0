/*
 * The service's limit of sessions: the number of one-step calls (user name and
 * password instead of a token) that an account may make within a time. Beyond it
 * calls are refused until the oldest one is older than that time. Safe to use from
 * several threads.
 */
#pragma once

#include <glib.h>

typedef struct SmSessions SmSessions;

/*
 * spec: N/TIME, TIME in seconds or with a unit (s, min, h, d); NULL for no
 * limit. SM_ERROR_USAGE for any other text.
 */
SmSessions *sm_sessions_new(const char *spec, GError **error);

/* Frees sessions. */
void sm_sessions_free(SmSessions *sessions);

/* Counts a call of user at now (seconds since 1970); FALSE, and not counted, beyond the limit. */
gboolean sm_sessions_take(SmSessions *sessions, const char *user, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSessions, sm_sessions_free)
