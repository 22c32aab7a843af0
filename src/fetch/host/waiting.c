#include "fetch/host/waiting.h"

#include <unistd.h>

struct SmWaiting {
    char *what;
    gint64 until;
    GMutex lock;
    GCond ending;
    gboolean ended;
    GThread *thread;
};

void
sm_waiting_say(const char *what, gint64 until)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) end = g_date_time_add(now, until - g_get_monotonic_time());
    g_autofree char *text = g_date_time_format(end, "%H:%M:%S");

    if (isatty(STDERR_FILENO))
        g_message("waiting for %s, until %s at the latest", what, text);
}

static gpointer
run(gpointer data)
{
    SmWaiting *waiting = data;
    gint64 moment = g_get_monotonic_time() + G_USEC_PER_SEC;

    g_mutex_lock(&waiting->lock);
    while (!waiting->ended && g_cond_wait_until(&waiting->ending, &waiting->lock, moment))
        continue;
    if (!waiting->ended)
        sm_waiting_say(waiting->what, waiting->until);
    g_mutex_unlock(&waiting->lock);
    return NULL;
}

SmWaiting *
sm_waiting_start(const char *what, gint64 until)
{
    SmWaiting *waiting;

    if (!isatty(STDERR_FILENO))
        return NULL;
    waiting = g_new0(SmWaiting, 1);
    waiting->what = g_strdup(what);
    waiting->until = until;
    g_mutex_init(&waiting->lock);
    g_cond_init(&waiting->ending);
    waiting->thread = g_thread_try_new("waiting", run, waiting, NULL);
    return waiting;
}

void
sm_waiting_end(SmWaiting *waiting)
{
    g_mutex_lock(&waiting->lock);
    waiting->ended = TRUE;
    g_cond_signal(&waiting->ending);
    g_mutex_unlock(&waiting->lock);
    if (waiting->thread != NULL)
        g_thread_join(waiting->thread);
    g_mutex_clear(&waiting->lock);
    g_cond_clear(&waiting->ending);
    g_free(waiting->what);
    g_free(waiting);
}
