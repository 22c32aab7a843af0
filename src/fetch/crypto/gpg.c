#include "fetch/crypto/gpg.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "fetch/host/subprocess.h"

enum {
    REASON_MAX = 200,
    ARGUMENTS_MAX = 8,
    CHECK_LIMIT = 30,        /* seconds */
    PIPE_SIZE = 1024 * 1024, /* bytes: what an unprivileged process may ask for */
    WATCHES_MAX = 16,        /* an operation has three or four */
};

#define BUFFER_SIZE "65536" /* what a pipe holds; GPGME's own are half a kilobyte */

gboolean
sm_gpg_set_error(GError **error, int code, gpgme_error_t why, const char *what)
{
    char text[REASON_MAX] = "";

    gpgme_strerror_r(why, text, sizeof text);
    return sm_error_set(error, code, "%s: %s", what, text);
}

/* Sets the library up, which two threads must not do at once. */
static void
set_up(void)
{
    static gsize done = 0;

    if (g_once_init_enter(&done)) {
        gpgme_check_version(NULL);
        g_once_init_leave(&done, 1);
    }
}

SmGpg *
sm_gpg_open(const char *home, GError **error)
{
    g_autoptr(SmGpg) gpg = NULL;
    gpgme_error_t fault;

    set_up();
    fault = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
    if (fault == 0)
        fault = gpgme_new(&gpg);
    if (fault == 0 && home != NULL)
        fault = gpgme_ctx_set_engine_info(gpg, GPGME_PROTOCOL_OpenPGP, NULL, home);
    if (fault == 0)
        return g_steal_pointer(&gpg);
    sm_gpg_set_error(error, SM_ERROR_ENCRYPTION, fault, "gpg is unusable; is GnuPG installed?");
    return NULL;
}

gboolean
sm_gpg_check(SmGpg *gpg, const char *list, GError **error)
{
    gpgme_engine_info_t engine = gpgme_ctx_get_engine_info(gpg);
    gboolean has_home;
    const char *argv[ARGUMENTS_MAX] = {"gpg", "--batch", "--no-tty", "--quiet", list};
    char nothing[1];
    gsize length = sizeof nothing;

    while (engine != NULL && engine->protocol != GPGME_PROTOCOL_OpenPGP)
        engine = engine->next;
    has_home = engine != NULL && engine->home_dir != NULL;
    if (engine != NULL && engine->file_name != NULL)
        argv[0] = engine->file_name;
    if (has_home) {
        argv[5] = "--homedir";
        argv[6] = engine->home_dir;
    }
    if (sm_subprocess(argv, g_get_monotonic_time() + CHECK_LIMIT * G_USEC_PER_SEC, nothing, &length,
                      SM_ERROR_ENCRYPTION, error))
        return TRUE;
    g_prefix_error(error, "%s %s%s%s ", argv[0], list, has_home ? " --homedir " : "",
                   has_home ? engine->home_dir : "");
    return FALSE;
}

SmGpgData *
sm_gpg_data(struct gpgme_data_cbs *callbacks, gpointer handle, GError **error)
{
    SmGpgData *data;
    gpgme_error_t fault = gpgme_data_new_from_cbs(&data, callbacks, handle);

    if (fault != 0) {
        sm_gpg_set_error(error, SM_ERROR_INTERNAL, fault, "GPGME");
        return NULL;
    }
    gpgme_data_set_flag(data, "io-buffer-size", BUFFER_SIZE);
    gpgme_data_set_flag(data, "sensitive", "1"); /* students' data */
    return data;
}

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
