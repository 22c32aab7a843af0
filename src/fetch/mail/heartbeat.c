#include "fetch/mail/heartbeat.h"

#include "common/base/error.h"
#include "common/event/spool.h"

struct SmHeartbeat {
    int spool;
    gint64 pause; /* microseconds */
    GMutex mutex;
    GCond ended;
    gboolean end;
    GThread *thread;
};

static gpointer
beat(gpointer data)
{
    SmHeartbeat *heartbeat = data;

    g_mutex_lock(&heartbeat->mutex);
    while (!heartbeat->end) {
        gint64 until = g_get_monotonic_time() + heartbeat->pause;

        if (!g_cond_wait_until(&heartbeat->ended, &heartbeat->mutex, until))
            sm_spool_beat(heartbeat->spool, NULL); /* a missing heartbeat shows the failure */
    }
    g_mutex_unlock(&heartbeat->mutex);
    return NULL;
}

static void
clear(SmHeartbeat *heartbeat)
{
    g_mutex_clear(&heartbeat->mutex);
    g_cond_clear(&heartbeat->ended);
    g_free(heartbeat);
}

SmHeartbeat *
sm_heartbeat_start(int spool, guint interval, GError **error)
{
    g_autoptr(GError) fault = NULL;
    SmHeartbeat *heartbeat = g_new0(SmHeartbeat, 1);

    heartbeat->spool = spool;
    heartbeat->pause = (gint64)interval * G_USEC_PER_SEC / 4;
    g_mutex_init(&heartbeat->mutex);
    g_cond_init(&heartbeat->ended);
    heartbeat->thread = g_thread_try_new("heartbeat", beat, heartbeat, &fault);
    if (heartbeat->thread == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "cannot start the heartbeat's thread: %s",
                    fault->message);
        clear(heartbeat);
        return NULL;
    }
    if (sm_spool_beat(spool, error))
        return heartbeat;
    sm_heartbeat_stop(heartbeat);
    return NULL;
}

void
sm_heartbeat_stop(SmHeartbeat *heartbeat)
{
    if (heartbeat == NULL)
        return;
    g_mutex_lock(&heartbeat->mutex);
    heartbeat->end = TRUE;
    g_cond_signal(&heartbeat->ended);
    g_mutex_unlock(&heartbeat->mutex);
    g_thread_join(heartbeat->thread);
    sm_spool_beat(heartbeat->spool, NULL);
    clear(heartbeat);
}
