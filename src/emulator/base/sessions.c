#include "emulator/base/sessions.h"

#include <string.h>

#include "common/base/error.h"
#include "common/config/values.h"

struct SmSessions {
    guint64 limit; /* G_MAXUINT64: none */
    guint period;  /* seconds */
    GMutex lock;
    GHashTable *calls; /* user -> GArray of gint64, when a call came, oldest first */
};

/* Digits alone are seconds, as in the other options. */
static gboolean
parse_period(const char *text, guint *seconds)
{
    gboolean bare = text[strspn(text, "0123456789")] == '\0';
    g_autofree char *whole = g_strconcat(text, bare ? "s" : "", NULL);

    return sm_value_read(&sm_value_duration, whole, seconds, NULL);
}

SmSessions *
sm_sessions_new(const char *spec, GError **error)
{
    g_autoptr(SmSessions) sessions = g_new0(SmSessions, 1);
    g_auto(GStrv) parts = g_strsplit(spec != NULL ? spec : "", "/", 2);

    g_mutex_init(&sessions->lock);
    sessions->calls =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    sessions->limit = G_MAXUINT64;
    if (spec == NULL ||
        (g_strv_length(parts) == 2 &&
         g_ascii_string_to_unsigned(parts[0], 10, 1, G_MAXUINT, &sessions->limit, NULL) &&
         parse_period(parts[1], &sessions->period)))
        return g_steal_pointer(&sessions);
    return sm_error_null(error, SM_ERROR_USAGE,
                         "--max-sessions: write NUMBER/TIME, e.g. 10/60 or 10/5min");
}

void
sm_sessions_free(SmSessions *sessions)
{
    g_hash_table_unref(sessions->calls);
    g_mutex_clear(&sessions->lock);
    g_free(sessions);
}

static GArray *
calls_of(SmSessions *sessions, const char *user)
{
    GArray *calls = g_hash_table_lookup(sessions->calls, user);

    if (calls == NULL) {
        calls = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_hash_table_insert(sessions->calls, g_strdup(user), calls);
    }
    return calls;
}

gboolean
sm_sessions_take(SmSessions *sessions, const char *user, gint64 now)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&sessions->lock);
    GArray *calls = calls_of(sessions, user);
    guint old = 0;

    while (old < calls->len && g_array_index(calls, gint64, old) + sessions->period <= now)
        old++;
    g_array_remove_range(calls, 0, old);
    if (calls->len >= sessions->limit)
        return FALSE;
    g_array_append_val(calls, now);
    return TRUE;
}
