#include "fetch/crypto/gpg-loop.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "common/base/each.h"

enum {
    PIPE_SIZE = 1024 * 1024, /* bytes: what an unprivileged process may ask for */
    WATCHES_MAX = 16,        /* an operation has three or four */
};

typedef struct {
    int fd;
    gboolean reads; /* GPGME reads there; else it writes gpg's input */
    gpgme_io_cb_t call;
    void *data;
    SmGpgLoop *loop;
} Watch;

static gpgme_error_t
add(void *user_data, int fd, int reads, gpgme_io_cb_t call, void *call_data, void **tag)
{
    SmGpgLoop *loop = user_data;
    Watch *watch = g_new(Watch, 1);

    *watch = (Watch){fd, reads != 0, call, call_data, loop};
    fcntl(fd, F_SETPIPE_SZ, (int)PIPE_SIZE); /* only a wish: less of to and fro */
    g_ptr_array_add(loop->watches, watch);
    *tag = watch;
    return 0;
}

static void
drop(void *tag)
{
    Watch *watch = tag;

    g_ptr_array_remove(watch->loop->watches, watch);
    g_free(watch);
}

static void
note_event(void *user_data, gpgme_event_io_t type, void *type_data)
{
    SmGpgLoop *loop = user_data;

    if (type != GPGME_EVENT_DONE)
        return;
    loop->ended = TRUE;
    loop->result = ((struct gpgme_io_event_done_data *)type_data)->err;
}

static gpgme_error_t
note_status(void *user_data, const char *keyword, const char *arguments)
{
    SmGpgLoop *loop = user_data;

    if (strcmp(keyword, "END_ENCRYPTION") == 0)
        loop->encrypted = TRUE;
    return 0;
}

void
sm_gpg_loop_attach(SmGpgLoop *loop, SmGpg *gpg)
{
    struct gpgme_io_cbs calls = {add, loop, drop, note_event, loop};

    *loop = (SmGpgLoop){.watches = g_ptr_array_new()};
    gpgme_set_io_cbs(gpg, &calls);
    gpgme_set_ctx_flag(gpg, "full-status", "1");
    gpgme_set_status_cb(gpg, note_status, loop);
}

void
sm_gpg_loop_clear(SmGpgLoop *loop)
{
    g_clear_pointer(&loop->watches, g_ptr_array_unref);
}

/* The watch of fd, which the calls before may have ended. */
static const Watch *
find(const SmGpgLoop *loop, int fd)
{
    SM_EACH (const Watch, watch, loop->watches)
        if (watch->fd == fd)
            return watch;
    return NULL;
}

void
sm_gpg_loop_turn(SmGpgLoop *loop, int timeout)
{
    struct pollfd fds[WATCHES_MAX];
    nfds_t count = 0;

    SM_EACH (const Watch, watch, loop->watches)
        if (count < WATCHES_MAX)
            fds[count++] = (struct pollfd){watch->fd, watch->reads ? POLLIN : POLLOUT, 0};
    if (poll(fds, count, timeout) <= 0)
        return;
    for (nfds_t i = 0; i < count && !loop->ended; i++) {
        const Watch *watch = fds[i].revents != 0 ? find(loop, fds[i].fd) : NULL;

        if (watch != NULL)
            watch->call(watch->data, watch->fd); /* its failure comes as the event */
    }
}
