#include "fetch/host/look.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/each.h"

/* The first wait; one of those while the processors are busy, and the most of these together. */
enum { MOMENT_US = 1000, STEP_US = 10000, BUSY_US = 60000000 };

/* Owned by the caller and by the thread. */
struct SmLook {
    GStrv paths;
    GMutex mutex;
    GCond done;
    guint answered; /* of paths */
    gboolean found; /* the first of them, a directory */
    dev_t device;
    ino_t inode;
    GThread *thread; /* the caller's */
    pid_t id;        /* of that thread, once it has begun */
};

static void
look_clear(gpointer data)
{
    SmLook *look = data;

    g_strfreev(look->paths);
    g_mutex_clear(&look->mutex);
    g_cond_clear(&look->done);
}

/* One that has ended is waited for, so that it holds no lock of the allocator when we fork. */
static void
see_off(SmLook *look, gboolean ended)
{
    GThread *thread = g_steal_pointer(&look->thread);

    if (thread != NULL && ended)
        g_thread_join(thread);
    else if (thread != NULL)
        g_thread_unref(thread);
}

void
sm_look_free(SmLook *look)
{
    see_off(look, FALSE);
    g_atomic_rc_box_release_full(look, look_clear);
}

static void
look_at(SmLook *look, guint which)
{
    struct stat about;
    struct statvfs volume;
    gboolean found = stat(look->paths[which], &about) == 0;

    if (found)
        (void)!statvfs(look->paths[which], &volume); /* stat may be answered from memory */
    g_mutex_lock(&look->mutex);
    if (which == 0 && found && S_ISDIR(about.st_mode)) {
        look->found = TRUE;
        look->device = about.st_dev;
        look->inode = about.st_ino;
    }
    look->answered++;
    g_cond_signal(&look->done);
    g_mutex_unlock(&look->mutex);
}

static gpointer
look_there(gpointer data)
{
    SmLook *look = data;

    g_atomic_int_set(&look->id, gettid());
    for (guint i = 0; look->paths[i] != NULL; i++)
        look_at(look, i);
    g_atomic_rc_box_release_full(look, look_clear);
    return NULL;
}

/* As sm_look_is_over(), however busy the processors are. */
static gboolean
is_over(SmLook *look, gint64 until)
{
    gboolean ended;

    g_mutex_lock(&look->mutex);
    while (look->paths[look->answered] != NULL &&
           g_cond_wait_until(&look->done, &look->mutex, until))
        ;
    ended = look->paths[look->answered] == NULL;
    g_mutex_unlock(&look->mutex);
    if (ended)
        see_off(look, TRUE);
    return ended;
}

/* Whether the thread hangs in the kernel; else it only waits for a processor. */
static gboolean
hangs(SmLook *look)
{
    gint id = g_atomic_int_get(&look->id);
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/stat", id);
    g_autofree char *text = NULL;

    if (id == 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return id != 0;
    return !g_str_has_prefix(strrchr(text, ')'), ") R");
}

SmLook *
sm_look_begin(const char *const *paths)
{
    SmLook *look = g_atomic_rc_box_new0(SmLook);

    look->paths = g_strdupv((char **)paths);
    g_mutex_init(&look->mutex);
    g_cond_init(&look->done);
    look->thread = g_thread_try_new("look", look_there, g_atomic_rc_box_acquire(look), NULL);
    if (look->thread == NULL) /* no more can be had: without a limit, then */
        look_there(look);
    else /* nearly all answer at once: so thousands need no thousands of threads */
        is_over(look, g_get_monotonic_time() + MOMENT_US);
    return look;
}

gboolean
sm_look_is_over(SmLook *look, gint64 until)
{
    gint64 end = until + BUSY_US;

    while (!is_over(look, until)) {
        if (until >= end || hangs(look))
            return is_over(look, until); /* it may have ended just now */
        until = g_get_monotonic_time() + STEP_US;
    }
    return TRUE;
}

const char *
sm_look_silent(SmLook *look)
{
    const char *silent;

    g_mutex_lock(&look->mutex);
    silent = look->paths[look->answered];
    g_mutex_unlock(&look->mutex);
    return silent;
}

GPtrArray *
sm_look_at_all(const GPtrArray *accounts, gint64 limit_us)
{
    GPtrArray *looks = g_ptr_array_new_with_free_func((GDestroyNotify)sm_look_free);
    gint64 until;

    SM_EACH (const SmAccount, account, accounts) {
        g_auto(GStrv) paths = sm_account_places(account);

        g_ptr_array_add(looks, sm_look_begin((const char *const *)paths));
    }
    until = g_get_monotonic_time() + limit_us;
    SM_EACH (SmLook, look, looks)
        sm_look_is_over(look, until);
    return looks;
}

char *
sm_look_identity(SmLook *look)
{
    char *identity = NULL;

    g_mutex_lock(&look->mutex);
    if (look->found)
        identity = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                   (guint64)look->device, (guint64)look->inode);
    g_mutex_unlock(&look->mutex);
    return identity;
}
