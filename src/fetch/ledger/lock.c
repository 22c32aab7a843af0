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

/* The progress of a row: a lock in either half, whose length less one is the number. */
static const gint64 HALF = (gint64)1 << 36;

static int
set_lock(int fd, gint64 from, gint64 length, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = length};

    return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Finds the first lock of another process in these bytes; FALSE: none. */
static gboolean
find_lock(int fd, gint64 from, gint64 length, struct flock *lock)
{
    *lock =
        (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = from, .l_len = length};
    return fcntl(fd, F_OFD_GETLK, lock) == 0 && lock->l_type != F_UNLCK;
}

/* Whether the holder has locked everything from the byte on, as no scorefetch does: a backup
 * program, say. *pid: -1 if the kernel does not know it. */
static gboolean
is_strangers(int fd, gint64 byte, pid_t *pid)
{
    struct flock lock;

    if (!find_lock(fd, byte, 1, &lock) || lock.l_len != 0)
        return FALSE;
    *pid = lock.l_pid;
    return TRUE;
}

/* Sets the error why the byte cannot be locked, tried since begun; FALSE: wait longer. */
static gboolean
gives_up(int fd, gint64 byte, gint64 begun, guint wait, GError **error)
{
    gint64 now = g_get_monotonic_time();
    pid_t pid;

    if (now >= begun + (gint64)MIN(wait, STRANGER_WAIT) * G_USEC_PER_SEC &&
        is_strangers(fd, byte, &pid)) {
        g_autofree char *who =
            pid > 0 ? g_strdup_printf("process %d", (int)pid) : g_strdup("another program");

        sm_error_set(error, SM_ERROR_LEDGER,
                     "%s, which is not scorefetch, has locked all of ledger.lock; end it", who);
    } else if (now >= begun + (gint64)wait * G_USEC_PER_SEC) {
        sm_error_set(error, SM_ERROR_BUSY, "another process has held it for %u s", wait);
    } else {
        return FALSE;
    }
    return TRUE;
}

static gboolean
is_of_server(const SmLedger *ledger)
{
    return ledger->lock_fd < 0 && sm_db_is_server(ledger->db);
}

/* FALSE if locking fails; *taken: whether the lock is ours. */
static gboolean
try_lock(SmLedger *ledger, gint64 byte, gboolean *taken, GError **error)
{
    if (is_of_server(ledger))
        return sm_db_lock(ledger->db, byte, taken, error);
    *taken = set_lock(ledger->lock_fd, byte, 1, F_WRLCK) == 0;
    return *taken || errno == EAGAIN || errno == EACCES || errno == EINTR ||
           sm_error_from_errno(error, SM_ERROR_LEDGER, "the ledger's lock file");
}

gboolean
sm_lock_take(SmLedger *ledger, gint64 byte, guint wait, gboolean *waited, GError **error)
{
    gboolean taken;
    gint64 begun = g_get_monotonic_time();
    gint64 say = begun + G_USEC_PER_SEC; /* when to say that we wait; 0: said */
    gulong look = FIRST_LOOK_US;

    if (waited != NULL)
        *waited = FALSE;
    /* Polls, since a blocking OFD lock has no time limit. */
    for (;;) {
        if (!try_lock(ledger, byte, &taken, error))
            return FALSE;
        if (taken)
            return TRUE;
        if (gives_up(ledger->lock_fd, byte, begun, wait, error))
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
}

void
sm_lock_drop(SmLedger *ledger, gint64 byte)
{
    if (is_of_server(ledger))
        sm_db_unlock(ledger->db, byte);
    else
        set_lock(ledger->lock_fd, byte, 1, F_UNLCK);
}

gboolean
sm_lock_is_held(const SmLedger *ledger, gint64 byte)
{
    struct flock lock;

    return is_of_server(ledger) ? sm_db_is_locked(ledger->db, byte)
                                : find_lock(ledger->lock_fd, byte, 1, &lock);
}

static gint64
first_half(gint64 row)
{
    return SM_LOCK_PROGRESS + row * 2 * HALF;
}

void
sm_lock_tell(int fd, gint64 row, gint64 bytes, gint64 total)
{
    const gint64 numbers[] = {bytes, bytes >= 0 ? total : -1};

    if (row >= (G_MAXINT64 - SM_LOCK_PROGRESS) / (2 * HALF))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        gint64 from = first_half(row) + i * HALF, length = CLAMP(numbers[i] + 1, 0, HALF - 1);

        if (length > 0)
            set_lock(fd, from, length, F_WRLCK);
        set_lock(fd, from + length, HALF - length, F_UNLCK);
    }
}

gboolean
sm_lock_told(int fd, gint64 row, gint64 *bytes, gint64 *total)
{
    gint64 *const numbers[] = {bytes, total};

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        gint64 from = first_half(row) + i * HALF;
        struct flock lock;

        *numbers[i] =
            find_lock(fd, from, HALF, &lock) && lock.l_start == from ? lock.l_len - 1 : -1;
    }
    return *bytes >= 0;
}
