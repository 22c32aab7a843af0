#include "common/event/wake.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"

enum { FIFO_MAX = 1 << 20 /* bytes; no pipe of a user's holds more */ };

/* -1 where it is none. */
static int
open_fifo(const char *fifo, int how, struct stat *about)
{
    sm_autofd int fd = open(fifo, how | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || fstat(fd, about) < 0 || !S_ISFIFO(about->st_mode))
        return -1;
    return sm_steal_fd(&fd);
}

void
sm_wake(const char *fifo)
{
    struct stat about;
    sm_autofd int fd = open_fifo(fifo, O_WRONLY, &about);
    ssize_t ignored = fd >= 0 ? write(fd, "\n", 1) : 0;

    (void)ignored; /* a full one wakes as well */
}

void
sm_wake_drain(const char *fifo)
{
    struct stat about;
    sm_autofd int fd = open_fifo(fifo, O_RDONLY, &about);
    char bytes[4096];

    if (fd < 0 || about.st_uid != geteuid())
        return;
    for (gsize i = 0; i < FIFO_MAX / sizeof bytes && read(fd, bytes, sizeof bytes) > 0; i++)
        ;
}
