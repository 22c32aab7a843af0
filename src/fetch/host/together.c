#include "fetch/host/together.h"

struct SmTogether {
    GMutex lock;
    GCond ended_one;
    guint64 begun; /* calls */
    guint64 ended; /* the same, or one less */
    GError *fault; /* of the first that failed: what it left undone, no later one does */
};

SmTogether *
sm_together_new(void)
{
    SmTogether *together = g_new0(SmTogether, 1);

    g_mutex_init(&together->lock);
    g_cond_init(&together->ended_one);
    return together;
}

void
sm_together_free(SmTogether *together)
{
    g_clear_error(&together->fault);
    g_mutex_clear(&together->lock);
    g_cond_clear(&together->ended_one);
    g_free(together);
}

/* Under the lock, which it gives away meanwhile. */
static void
lead(SmTogether *together, SmTogetherDo act, gpointer data)
{
    GError *fault = NULL;

    together->begun++;
    g_mutex_unlock(&together->lock);
    act(data, &fault);
    g_mutex_lock(&together->lock);
    together->ended = together->begun;
    if (fault != NULL)
        together->fault = fault;
    g_cond_broadcast(&together->ended_one);
}

gboolean
sm_together(SmTogether *together, SmTogetherDo act, gpointer data, GError **error)
{
    guint64 wanted;
    gboolean ok;

    if (together == NULL)
        return act(data, error);
    g_mutex_lock(&together->lock);
    wanted = together->begun + 1;
    while (together->fault == NULL && together->ended < wanted)
        if (together->begun == together->ended)
            lead(together, act, data);
        else
            g_cond_wait(&together->ended_one, &together->lock);
    ok = together->fault == NULL;
    if (!ok && error != NULL)
        *error = g_error_copy(together->fault);
    g_mutex_unlock(&together->lock);
    return ok;
}
