#include "fetch/ledger/lock.h"

#include <errno.h>
#include <fcntl.h>

#include "common/base/error.h"

enum {
    FIRST_LOOK_US = 2000, /* most holders only commit a transaction */
    LAST_LOOK_US = 100000,
};

static int
set_lock(int fd, gint64 byte, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock);
}

gboolean
sm_lock_take(int fd, gint64 byte, guint wait, gboolean *waited, GError **error)
{
    gint64 end = g_get_monotonic_time() + (gint64)wait * G_USEC_PER_SEC;
    gulong look = FIRST_LOOK_US;

    if (waited != NULL)
        *waited = FALSE;
    /* Polls, since a blocking OFD lock has no time limit. */
    while (set_lock(fd, byte, F_WRLCK) < 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return sm_error_from_errno(error, SM_ERROR_LEDGER, "the ledger's lock file");
        if (g_get_monotonic_time() >= end) {
            g_set_error(error, SM_ERROR, SM_ERROR_BUSY, "another process has held it for %u s",
                        wait);
            return FALSE;
        }
        if (waited != NULL)
            *waited = TRUE;
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
