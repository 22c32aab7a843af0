#include "heartbeat.h"

#include "common/spool.h"

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
            sm_spool_beat(heartbeat->spool, NULL); /* a beat that is left out is what it tells */
    }
    g_mutex_unlock(&heartbeat->mutex);
    return NULL;
}

SmHeartbeat *
sm_heartbeat_start(int spool, guint interval, GError **error)
{
    SmHeartbeat *heartbeat;

    if (!sm_spool_beat(spool, error))
        return NULL;
    heartbeat = g_new0(SmHeartbeat, 1);
    heartbeat->spool = spool;
    heartbeat->pause = (gint64)interval * G_USEC_PER_SEC / 4;
    g_mutex_init(&heartbeat->mutex);
    g_cond_init(&heartbeat->ended);
    heartbeat->thread = g_thread_new("heartbeat", beat, heartbeat);
    return heartbeat;
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
    g_mutex_clear(&heartbeat->mutex);
    g_cond_clear(&heartbeat->ended);
    g_free(heartbeat);
}
