#include "fetch/crypto/gpg-loop.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

enum {
    PIPE_SIZE = 1024 * 1024, /* bytes: what an unprivileged process may ask for */
    WATCHES_MAX = 16,        /* an operation has three or four */
    STATUS_MAX = 4096,
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
    g_array_append_val(loop->watches, watch);
    *tag = watch;
    return 0;
}

static void
drop(void *tag)
{
    Watch *watch = tag;
    GArray *watches = watch->loop->watches;

    for (guint i = 0; i < watches->len; i++)
        if (g_array_index(watches, Watch *, i) == watch) {
            g_array_remove_index(watches, i);
            break;
        }
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

    if (loop->status->len < STATUS_MAX)
        g_string_append_printf(loop->status, " %s ", keyword);
    return 0;
}

void
sm_gpg_loop_attach(SmGpgLoop *loop, SmGpg *gpg)
{
    struct gpgme_io_cbs calls = {add, loop, drop, note_event, loop};

    *loop = (SmGpgLoop){.watches = g_array_new(FALSE, FALSE, sizeof(Watch *)),
                        .status = g_string_new(NULL)};
    gpgme_set_io_cbs(gpg, &calls);
    gpgme_set_ctx_flag(gpg, "full-status", "1");
    gpgme_set_status_cb(gpg, note_status, loop);
}

void
sm_gpg_loop_clear(SmGpgLoop *loop)
{
    if (loop->watches != NULL)
        g_array_unref(loop->watches);
    if (loop->status != NULL)
        g_string_free(loop->status, TRUE);
    *loop = (SmGpgLoop){0};
}

/* The watch of fd, which the calls before may have ended. */
static const Watch *
find(const SmGpgLoop *loop, int fd)
{
    for (guint i = 0; i < loop->watches->len; i++) {
        const Watch *watch = g_array_index(loop->watches, Watch *, i);

        if (watch->fd == fd)
            return watch;
    }
    return NULL;
}

void
sm_gpg_loop_turn(SmGpgLoop *loop, int timeout)
{
    struct pollfd fds[WATCHES_MAX];
    nfds_t count = 0;

    for (guint i = 0; i < loop->watches->len && count < WATCHES_MAX; i++) {
        const Watch *watch = g_array_index(loop->watches, Watch *, i);

        fds[count++] = (struct pollfd){watch->fd, watch->reads ? POLLIN : POLLOUT, 0};
    }
    if (poll(fds, count, timeout) <= 0)
        return;
    for (nfds_t i = 0; i < count && !loop->ended; i++) {
        const Watch *watch = fds[i].revents != 0 ? find(loop, fds[i].fd) : NULL;

        if (watch != NULL)
            watch->call(watch->data, watch->fd); /* its failure comes as the event */
    }
}

gboolean
sm_gpg_loop_saw(const SmGpgLoop *loop, const char *keyword)
{
    g_autofree char *word = g_strdup_printf(" %s ", keyword);

    return strstr(loop->status->str, word) != NULL;
}
