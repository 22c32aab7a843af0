#include "fetch/commands/status-watch.h"

#include <unistd.h>

#include "fetch/host/screen.h"
#include "fetch/status/live.h"

enum {
    LOOK_US = 1000 * 1000, /* between two looks */
    DRAW_MS = 250,
    SILENT_US = 5 * 1000 * 1000, /* without a new look, before that is said */
    END_US = 500 * 1000,         /* for the thread's end */
};

/* What a thread of its own finds: what it looks at may hang. */
typedef struct {
    const SmConfig *config;
    const char *account; /* NULL: all */
    GMutex mutex;
    GCond change;
    gboolean ending;  /* the view is closed */
    gboolean ended;   /* so is the thread */
    SmLive *live;     /* the last one, NULL: there was none yet */
    GError *fault;    /* of the last look */
    gint64 looked_at; /* monotonic time of its end; 0: none has ended */
} Lookout;

static void
lookout_clear(gpointer data)
{
    Lookout *lookout = data;

    sm_live_free(lookout->live);
    g_clear_error(&lookout->fault);
    g_mutex_clear(&lookout->mutex);
    g_cond_clear(&lookout->change);
}

/* The ledger is opened anew each time: it may be made, or restored, meanwhile. */
static SmLive *
look(const Lookout *lookout, SmRates *rates, GError **error)
{
    GError *fault = NULL;
    g_autoptr(SmLedger) ledger =
        sm_ledger_open(lookout->config->ledger, SM_LEDGER_LOOK, "status", &fault);

    if (fault == NULL)
        return sm_live_new(lookout->config, ledger, lookout->account, rates, error);
    g_propagate_error(error, fault);
    return NULL;
}

static void
take(Lookout *lookout, SmLive *live, GError *fault)
{
    g_clear_error(&lookout->fault);
    lookout->fault = fault;
    lookout->looked_at = g_get_monotonic_time();
    if (live != NULL) {
        sm_live_free(lookout->live);
        lookout->live = live;
    }
}

static gpointer
run(gpointer data)
{
    Lookout *lookout = data;
    g_autoptr(SmRates) rates = sm_rates_new();

    g_mutex_lock(&lookout->mutex);
    while (!lookout->ending) {
        GError *fault = NULL;
        SmLive *live;

        g_mutex_unlock(&lookout->mutex);
        live = look(lookout, rates, &fault);
        g_mutex_lock(&lookout->mutex);
        take(lookout, live, fault);
        while (!lookout->ending &&
               g_cond_wait_until(&lookout->change, &lookout->mutex, lookout->looked_at + LOOK_US))
            ;
    }
    lookout->ended = TRUE;
    g_cond_signal(&lookout->change);
    g_mutex_unlock(&lookout->mutex);
    g_atomic_rc_box_release_full(lookout, lookout_clear);
    return NULL;
}

/* What a person has to know besides what was seen last. Caller frees; NULL: nothing. */
static char *
notice_of(const Lookout *lookout, gint64 begun)
{
    gint64 silent = g_get_monotonic_time() - MAX(lookout->looked_at, begun);

    if (silent > SILENT_US)
        return g_strdup_printf("no answer for %d s from ledger %s or spool %s: what follows is old",
                               (int)(silent / G_USEC_PER_SEC), lookout->config->ledger,
                               lookout->config->spool);
    return lookout->fault != NULL ? g_strdup(lookout->fault->message) : NULL;
}

/* FALSE: there is nothing to be shown, since not even the first look has succeeded. */
static gboolean
draw(Lookout *lookout, gint64 begun, GError **error)
{
    g_autoptr(GPtrArray) lines = NULL;
    g_autofree char *notice = NULL;
    guint columns, rows;

    g_mutex_lock(&lookout->mutex);
    if (lookout->live == NULL && lookout->fault != NULL) {
        g_propagate_error(error, g_steal_pointer(&lookout->fault));
        g_mutex_unlock(&lookout->mutex);
        return FALSE;
    }
    sm_screen_size(STDOUT_FILENO, &columns, &rows);
    notice = notice_of(lookout, begun);
    lines = sm_live_lines(lookout->live, notice, columns, rows);
    g_mutex_unlock(&lookout->mutex);
    sm_screen_draw(lines);
    return TRUE;
}

/* Whether the thread has ended; one that hangs keeps what it uses. */
static gboolean
end(Lookout *lookout)
{
    gint64 until = g_get_monotonic_time() + END_US;
    gboolean ended;

    g_mutex_lock(&lookout->mutex);
    lookout->ending = TRUE;
    g_cond_signal(&lookout->change);
    while (!lookout->ended && g_cond_wait_until(&lookout->change, &lookout->mutex, until))
        ;
    ended = lookout->ended;
    g_mutex_unlock(&lookout->mutex);
    return ended;
}

gboolean
sm_status_watch(SmSession *session, GError **error)
{
    g_autoptr(SmScreen) screen = sm_screen_open("status --watch", error);
    gint64 begun = g_get_monotonic_time();
    Lookout *lookout;
    GThread *thread;
    gboolean ok;

    if (screen == NULL)
        return FALSE;
    lookout = g_atomic_rc_box_new0(Lookout);
    lookout->config = session->config;
    lookout->account = session->account;
    g_mutex_init(&lookout->mutex);
    g_cond_init(&lookout->change);
    thread = g_thread_try_new("lookout", run, g_atomic_rc_box_acquire(lookout), error);
    ok = thread != NULL;
    while (ok && draw(lookout, begun, error) && sm_screen_wait(screen, DRAW_MS))
        ;
    if (!ok) {
        g_atomic_rc_box_release_full(lookout, lookout_clear); /* the thread's */
    } else if (end(lookout)) {
        g_thread_join(thread);
    } else {
        g_thread_unref(thread);
        session->config = NULL; /* the thread's until the process ends */
        session->account = NULL;
    }
    g_atomic_rc_box_release_full(lookout, lookout_clear);
    return error == NULL || *error == NULL;
}
