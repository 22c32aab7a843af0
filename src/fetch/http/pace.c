#include "fetch/http/pace.h"

#include "common/base/error.h"
#include "fetch/rules/pause.h"

/* What so many may have at a time. */
typedef struct {
    guint free;
    GCond freed;
} Turns;

struct SmPace {
    GMutex lock;
    GCond changed;
    gboolean stopped;
    gint64 next; /* monotonic time of the next call; 0: now */
    Turns files, transfers;
    guint failed; /* answers in a row that asked for a pause */
};

SmPace *
sm_pace_new(guint transfers)
{
    SmPace *pace = g_new0(SmPace, 1);

    pace->transfers.free = transfers;
    pace->files.free = transfers * 2;
    g_mutex_init(&pace->lock);
    g_cond_init(&pace->changed);
    g_cond_init(&pace->files.freed);
    g_cond_init(&pace->transfers.freed);
    return pace;
}

void
sm_pace_free(SmPace *pace)
{
    if (pace == NULL)
        return;
    g_mutex_clear(&pace->lock);
    g_cond_clear(&pace->changed);
    g_cond_clear(&pace->files.freed);
    g_cond_clear(&pace->transfers.freed);
    g_free(pace);
}

/* NULL: nobody is held up. */
static GMutexLocker *
lock(SmPace *pace)
{
    return pace != NULL ? g_mutex_locker_new(&pace->lock) : NULL;
}

gboolean
sm_pace_set_stopped(GError **error)
{
    return sm_error_set(error, SM_ERROR_LIMIT, "interrupted; the next run resumes");
}

static gboolean
too_late(gint64 wait, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) when = g_date_time_add(now, wait);
    g_autofree char *text = g_date_time_format(when, "%H:%M:%S");

    return sm_error_set(error, SM_ERROR_SERVICE,
                        "the service is overloaded and allows no call before %s", text);
}

gboolean
sm_pace_wait(SmPace *pace, gint64 latest, GError **error)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = lock(pace);

    if (pace == NULL)
        return TRUE;
    while (!pace->stopped && pace->next <= latest && pace->next > g_get_monotonic_time())
        g_cond_wait_until(&pace->changed, &pace->lock, pace->next);
    if (pace->stopped)
        return sm_pace_set_stopped(error);
    return pace->next <= latest || too_late(pace->next - g_get_monotonic_time(), error);
}

guint
sm_pace_left(SmPace *pace)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = lock(pace);
    gint64 left = pace != NULL ? pace->next - g_get_monotonic_time() : 0;

    return left > 0 ? (guint)((left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC) : 0;
}

void
sm_pace_answer(SmPace *pace, long status, guint retry_after)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = lock(pace);
    gint64 now = g_get_monotonic_time();

    if (pace == NULL)
        return;
    if (status == 429 || status == 503 || retry_after > 0) {
        /* answers to calls that were under way together count once */
        if (pace->next <= now)
            pace->failed++;
        pace->next =
            MAX(pace->next,
                now + (gint64)sm_pause_ms(pace->failed, g_random_double(), retry_after) * 1000);
    } else if (status / 100 == 2) {
        pace->failed = 0;
    }
}

static gboolean
take(SmPace *pace, Turns *turns)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&pace->lock);

    while (!pace->stopped && turns->free == 0)
        g_cond_wait(&turns->freed, &pace->lock);
    turns->free -= pace->stopped ? 0 : 1;
    return !pace->stopped;
}

static void
give_back(SmPace *pace, Turns *turns)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&pace->lock);

    turns->free++;
    g_cond_signal(&turns->freed);
}

void
sm_pace_begin_file(SmPace *pace, gboolean *begun)
{
    *begun = take(pace, &pace->files);
}

void
sm_pace_end_file(SmPace *pace, gboolean *begun)
{
    if (begun != NULL && *begun)
        give_back(pace, &pace->files);
    if (begun != NULL)
        *begun = FALSE;
}

gboolean
sm_pace_begin_transfer(SmPace *pace, GError **error)
{
    return pace == NULL || take(pace, &pace->transfers) || sm_pace_set_stopped(error);
}

void
sm_pace_end_transfer(SmPace *pace)
{
    if (pace != NULL)
        give_back(pace, &pace->transfers);
}

gboolean
sm_pace_sleep(SmPace *pace, gint64 until)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = lock(pace);

    if (pace == NULL)
        g_usleep((gulong)MAX(until - g_get_monotonic_time(), 0));
    while (pace != NULL && !pace->stopped && g_get_monotonic_time() < until)
        g_cond_wait_until(&pace->changed, &pace->lock, until);
    return pace == NULL || !pace->stopped;
}

void
sm_pace_stop(SmPace *pace)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&pace->lock);

    pace->stopped = TRUE;
    g_cond_broadcast(&pace->changed);
    g_cond_broadcast(&pace->files.freed);
    g_cond_broadcast(&pace->transfers.freed);
}

gboolean
sm_pace_has_stopped(SmPace *pace)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = lock(pace);

    return pace != NULL && pace->stopped;
}
