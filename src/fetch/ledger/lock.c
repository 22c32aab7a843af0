#include "fetch/ledger/lock.h"

#include <errno.h>
#include <fcntl.h>

#include "common/base/error.h"
#include "fetch/host/waiting.h"

enum {
    FIRST_LOOK_US = 2000, /* most holders only commit a transaction */
    LAST_LOOK_US = 100000,
    STRANGER_WAIT = 2, /* seconds */
};

static int
set_lock(int fd, gint64 byte, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Whether what holds the byte holds all behind it, too, which none of us does: a backup program
 * say. *pid: -1 where the kernel does not know it. */
static gboolean
is_strangers(int fd, gint64 byte, pid_t *pid)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    if (fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_len != 0)
        return FALSE;
    *pid = lock.l_pid;
    return TRUE;
}

/* Why the byte cannot be had, since begun; FALSE: it is worth waiting. */
static gboolean
gives_up(int fd, gint64 byte, gint64 begun, guint wait, GError **error)
{
    gint64 now = g_get_monotonic_time();
    pid_t pid;

    if (now >= begun + (gint64)MIN(wait, STRANGER_WAIT) * G_USEC_PER_SEC &&
        is_strangers(fd, byte, &pid)) {
        g_autofree char *who =
            pid > 0 ? g_strdup_printf("process %d", (int)pid) : g_strdup("another program");

        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER,
                    "%s, which is not scorefetch, has locked all of ledger.lock; end it", who);
    } else if (now >= begun + (gint64)wait * G_USEC_PER_SEC) {
        g_set_error(error, SM_ERROR, SM_ERROR_BUSY, "another process has held it for %u s", wait);
    } else {
        return FALSE;
    }
    return TRUE;
}

gboolean
sm_lock_take(int fd, gint64 byte, guint wait, gboolean *waited, GError **error)
{
    gint64 begun = g_get_monotonic_time();
    gint64 say = begun + G_USEC_PER_SEC; /* when; 0: it was said */
    gulong look = FIRST_LOOK_US;

    if (waited != NULL)
        *waited = FALSE;
    /* Polls, since a blocking OFD lock has no time limit. */
    while (set_lock(fd, byte, F_WRLCK) < 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return sm_error_from_errno(error, SM_ERROR_LEDGER, "the ledger's lock file");
        if (gives_up(fd, byte, begun, wait, error))
            return FALSE;
        if (waited != NULL)
            *waited = TRUE;
        if (say != 0 && g_get_monotonic_time() > say) {
            sm_waiting_say("another scorefetch", begun + (gint64)wait * G_USEC_PER_SEC);
            say = 0;
        }
        g_usleep(look);
        look = MIN(look * 2, LAST_LOOK_US);
    }
    return TRUE;
}

void
sm_lock_drop(int fd, gint64 byte)
{
    set_lock(fd, byte, F_UNLCK);
}
