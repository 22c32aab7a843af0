#include "emulator/wire.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { DRAIN_LIMIT = 10000 }; /* milliseconds for a reader that is slow itself */

gboolean
sm_wire_wait(int fd, int milliseconds)
{
    gint64 end = g_get_monotonic_time() + (gint64)milliseconds * 1000;
    struct pollfd wanted = {.fd = fd, .events = POLLRDHUP};

    for (;;) {
        gint64 left = (end - g_get_monotonic_time() + 999) / 1000;
        int timeout = milliseconds == SM_WIRE_FOREVER ? -1 : (int)MAX(left, 0);
        int ready = poll(&wanted, 1, timeout);

        if (ready == 0)
            return TRUE;
        if (ready > 0 || errno != EINTR)
            return FALSE;
    }
}

void
sm_wire_push(int fd)
{
    const int off = 0, on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* connect() to no address makes Linux drop a connection; close() alone may not. */
void
sm_wire_reset(int fd)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    int unsent = 0;

    sm_wire_push(fd);
    for (int waited = 0; waited < DRAIN_LIMIT; waited++)
        if (ioctl(fd, SIOCOUTQ, &unsent) < 0 || unsent == 0 || !sm_wire_wait(fd, 1))
            break;
    (void)connect(fd, &nowhere, sizeof nowhere);
}
