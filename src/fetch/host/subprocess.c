#include "fetch/host/subprocess.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/text.h"
#include "fetch/host/keeper.h"
#include "fetch/host/memory.h"

enum {
    NAP_MS = 10,      /* between two looks whether it has ended */
    SAID_MAX = 1024,  /* bytes kept of its standard error */
    SAID_SHOWN = 300, /* bytes of that in a message */
    SCRATCH = 512,    /* bytes read and dropped at a time */
    READS_MAX = 64,
    DEATH_MS = 3000, /* how long one that is stopped is waited for */
};

typedef struct {
    int fd; /* our end of the pipe, which does not block; -1: its end has come */
    char *text;
    gsize size, length;
} Stream;

typedef struct {
    SmKept kept;
    SmKeeper keeper;
    gboolean joined; /* what it prints goes where standard error goes */
    gboolean late;   /* it had to be stopped */
    Stream out, err;
    char *scratch; /* in secret memory: what is dropped may be secret */
} Run;

/* Reads what there is; of one that never stops, a part, so that its time limit is looked at. */
static void
drain(Run *run, Stream *stream)
{
    for (guint reads = 0; stream->fd >= 0 && reads < READS_MAX; reads++) {
        gsize room = stream->size - 1 - stream->length;
        char *to = room > 0 ? stream->text + stream->length : run->scratch;
        ssize_t got = read(stream->fd, to, room > 0 ? room : SCRATCH);

        if (got > 0 && room > 0)
            stream->length += (gsize)got;
        else if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            sm_close(&stream->fd);
        else if (got < 0 && errno == EAGAIN)
            break;
    }
    stream->text[stream->length] = '\0';
}

/* Lets it run up to limit; whether it has ended. */
static gboolean
attend(Run *run, gint64 limit)
{
    for (;;) {
        gboolean ended = sm_keeper_has_ended(&run->keeper);
        struct pollfd ends[] = {{run->out.fd, POLLIN, 0}, {run->err.fd, POLLIN, 0}};

        drain(run, &run->out);
        drain(run, &run->err);
        if (ended || g_get_monotonic_time() >= limit)
            return ended;
        poll(ends, G_N_ELEMENTS(ends), NAP_MS);
    }
}

/* The whole input in memory before the command starts, so that nothing has to be fed to it. -1 on
 * failure. */
static int
hold_input(const char *input)
{
    sm_autofd int fd = memfd_create("input", MFD_CLOEXEC);

    if (fd < 0 || !sm_write_all(fd, input, strlen(input)) || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return sm_steal_fd(&fd);
}

/* The command's standard error, for a message; "" for none. Caller frees. */
static char *
said_by(const Run *run)
{
    gsize line = strcspn(run->out.text, "\r\n");
    g_autofree char *clean = sm_text_clean(run->err.text, SAID_SHOWN);

    if (line > 0 && memmem(run->err.text, run->err.length, run->out.text, line) != NULL)
        return g_strdup(": its error output repeats its output and is not shown");
    g_strchomp(clean);
    return *clean != '\0' ? g_strconcat(": ", clean, NULL) : g_strdup(": no error output");
}

static gboolean
judge(const Run *run, int code, GError **error)
{
    int status = run->keeper.status;
    g_autofree char *said = NULL;

    if (run->keeper.start_fault != 0)
        return sm_error_set(error, code, "cannot be started: %s",
                            g_strerror(run->keeper.start_fault));
    if (!run->late && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    said = said_by(run);
    if (run->keeper.pid != 0)
        sm_error_set(error, code,
                     "did not end in time and cannot be killed; does a file system hang?%s", said);
    else if (run->late)
        sm_error_set(error, code, "did not end in time and was killed%s", said);
    else if (WIFSIGNALED(status))
        sm_error_set(error, code, "was killed by signal %d%s", WTERMSIG(status), said);
    else
        sm_error_set(error, code, "exited with %d%s", WEXITSTATUS(status), said);
    return FALSE;
}

static gboolean
run_it(Run *run, const char *input, gint64 limit, int code, GError **error)
{
    sm_autofd int in = input != NULL ? hold_input(input) : -1;
    sm_autofd int out = -1, err = -1;

    if ((input != NULL && in < 0) || !sm_open_pipe(&run->out.fd, &out) ||
        !sm_open_pipe(&run->err.fd, &err))
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot create a pipe for it");
    run->kept.in = in;
    run->kept.out = run->joined ? err : out;
    run->kept.err = err;
    if (!sm_keeper_start(&run->keeper, &run->kept, error))
        return FALSE;
    sm_close(&out);
    sm_close(&err);
    if (!attend(run, limit)) {
        run->late = TRUE;
        sm_keeper_stop(&run->keeper);
        attend(run, g_get_monotonic_time() + DEATH_MS * 1000);
    }
    return judge(run, code, error);
}

static void
clear(Run *run)
{
    sm_close(&run->out.fd);
    sm_close(&run->err.fd);
    sm_keeper_clear(&run->keeper);
}

gboolean
sm_subprocess(const char *const *argv, gint64 limit, char *output, gsize *length, int code,
              GError **error)
{
    char said[SAID_MAX] = "";
    Run run = {.kept = {.argv = argv, .environment = (const char *const *)environ, .held = -1},
               .out = {-1, output, *length, 0},
               .err = {-1, said, sizeof said, 0},
               .scratch = sm_secret_alloc(SCRATCH)};
    gboolean ok;

    *output = '\0';
    ok = run_it(&run, NULL, limit, code, error);
    clear(&run);
    sm_secret_release(run.scratch, SCRATCH);
    *length = run.out.length;
    return ok;
}

gboolean
sm_subprocess_do(const SmTask *task, SmTaskEnd *end, int code, GError **error)
{
    char said[SAID_MAX] = "", scratch[SCRATCH], nothing[1] = "";
    const char *const *environment =
        task->environment != NULL ? task->environment : (const char *const *)environ;
    Run run = {.kept = {.argv = task->argv,
                        .environment = environment,
                        .held = task->held > 0 ? task->held : -1},
               .joined = TRUE,
               .out = {-1, nothing, sizeof nothing, 0},
               .err = {-1, said, sizeof said, 0},
               .scratch = scratch};
    gboolean ok = run_it(&run, task->input, task->limit, code, error);

    if (end != NULL)
        *end = run.keeper.pid != 0 ? SM_TASK_LIVES : run.late ? SM_TASK_KILLED : SM_TASK_ENDED;
    clear(&run);
    return ok;
}
