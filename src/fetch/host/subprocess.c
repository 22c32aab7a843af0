#include "fetch/host/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/text.h"
#include "fetch/host/memory.h"

enum {
    NAP_MS = 10,      /* between two looks whether it has ended */
    SAID_MAX = 1024,  /* bytes kept of its standard error */
    SAID_SHOWN = 300, /* bytes of that in a message */
    SCRATCH = 512,    /* bytes read and dropped at a time */
    READS_MAX = 64,
    DEATH_MS = 1000, /* how long a killed one is waited for */
};

typedef struct {
    int fd; /* our end of the pipe, which does not block; -1: its end has come */
    char *text;
    gsize size, length;
} Stream;

typedef struct {
    const char *const *argv;
    const char *const *environment;
    pid_t pid;
    int status;      /* of waitpid() */
    gboolean joined; /* what it prints goes where standard error goes */
    Stream out, err;
    char *scratch; /* in secret memory: what is dropped may be secret */

    const char *input; /* what its standard input has; NULL: nothing */
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
        gboolean ended = waitpid(run->pid, &run->status, WNOHANG) == run->pid;
        struct pollfd ends[] = {{run->out.fd, POLLIN, 0}, {run->err.fd, POLLIN, 0}};

        drain(run, &run->out);
        drain(run, &run->err);
        if (ended || g_get_monotonic_time() >= limit)
            return ended;
        poll(ends, G_N_ELEMENTS(ends), NAP_MS);
    }
}

/* Kills the group, whose members may outlive the first; one that survives SIGKILL is left. */
static void
end_group(Run *run)
{
    kill(-run->pid, SIGKILL);
    attend(run, g_get_monotonic_time() + DEATH_MS * 1000);
}

/* Input in memory, all of it before the command starts: nobody has to feed it. -1 on failure. */
static int
hold_input(const char *input)
{
    sm_autofd int fd = memfd_create("input", MFD_CLOEXEC);

    if (fd < 0 || !sm_write_all(fd, input, strlen(input)) || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return sm_steal_fd(&fd);
}

static int
start(Run *run, int out, int err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sm_autofd int input = run->input != NULL ? hold_input(run->input) : -1;
    sigset_t none, all;
    int fault;

    if (run->input != NULL && input < 0)
        return errno;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    fault = posix_spawnp(&run->pid, run->argv[0], &actions, &attributes, (char **)run->argv,
                         (char **)run->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return fault;
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
judge(const Run *run, gboolean ended, int code, GError **error)
{
    g_autofree char *said = NULL;

    if (ended && WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0)
        return TRUE;
    said = said_by(run);
    if (!ended)
        g_set_error(error, SM_ERROR, code, "did not end in time and was killed%s", said);
    else if (WIFSIGNALED(run->status))
        g_set_error(error, SM_ERROR, code, "was killed by signal %d%s", WTERMSIG(run->status),
                    said);
    else
        g_set_error(error, SM_ERROR, code, "exited with %d%s", WEXITSTATUS(run->status), said);
    return FALSE;
}

static gboolean
run_it(Run *run, gint64 limit, int code, GError **error)
{
    sm_autofd int out = -1, err = -1;
    gboolean ended;
    int ends[2], fault = 0;

    if (pipe2(ends, O_CLOEXEC) == 0) {
        run->out.fd = ends[0];
        out = ends[1];
    }
    if (out >= 0 && pipe2(ends, O_CLOEXEC) == 0) {
        run->err.fd = ends[0];
        err = ends[1];
    }
    if (err < 0 || fcntl(run->out.fd, F_SETFL, O_NONBLOCK) < 0 ||
        fcntl(run->err.fd, F_SETFL, O_NONBLOCK) < 0)
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot create a pipe for it");
    fault = start(run, run->joined ? err : out, err);
    sm_close(&out);
    sm_close(&err);
    if (fault != 0) {
        g_set_error(error, SM_ERROR, code, "cannot be started: %s", g_strerror(fault));
        return FALSE;
    }
    ended = attend(run, limit);
    if (!ended)
        end_group(run);
    return judge(run, ended, code, error);
}

gboolean
sm_subprocess(const char *const *argv, gint64 limit, char *output, gsize *length, int code,
              GError **error)
{
    char said[SAID_MAX] = "";
    Run run = {.argv = argv,
               .environment = (const char *const *)environ,
               .out = {-1, output, *length, 0},
               .err = {-1, said, sizeof said, 0},
               .scratch = sm_secret_alloc(SCRATCH)};
    gboolean ok = FALSE;

    *output = '\0';
    if (run.scratch == NULL)
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "out of memory");
    else
        ok = run_it(&run, limit, code, error);
    sm_close(&run.out.fd);
    sm_close(&run.err.fd);
    sm_secret_release(run.scratch, SCRATCH);
    *length = run.out.length;
    return ok;
}

gboolean
sm_subprocess_do(const char *const *argv, const char *const *environment, const char *input,
                 gint64 limit, int code, GError **error)
{
    char said[SAID_MAX] = "", scratch[SCRATCH], nothing[1] = "";
    Run run = {.argv = argv,
               .environment = environment != NULL ? environment : (const char *const *)environ,
               .input = input,
               .joined = TRUE,
               .out = {-1, nothing, sizeof nothing, 0},
               .err = {-1, said, sizeof said, 0},
               .scratch = scratch};
    gboolean ok = run_it(&run, limit, code, error);

    sm_close(&run.out.fd);
    sm_close(&run.err.fd);
    return ok;
}
