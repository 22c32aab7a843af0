#include "filter/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/startup.h"
#include "common/base/text.h"

#define PROGRAM "scorefetch"

/* Seconds it has to end after SIGTERM: less than the 5 after which Dovecot kills. */
enum { GRACE = 2, WORDS_MAX = 500 /* bytes */ };

static GPtrArray *
arguments(const SmHandoff *handoff)
{
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, (gpointer)PROGRAM);
    g_ptr_array_add(argv, (gpointer) "deliver");
    if (handoff->config != NULL) {
        g_ptr_array_add(argv, (gpointer) "-c");
        g_ptr_array_add(argv, (gpointer)handoff->config);
    }
    if (handoff->defer_for != NULL) {
        g_ptr_array_add(argv, (gpointer) "--defer-for");
        g_ptr_array_add(argv, (gpointer)handoff->defer_for);
    }
    if (handoff->lacking != NULL) {
        g_ptr_array_add(argv, (gpointer) "--sandbox-lacking");
        g_ptr_array_add(argv, (gpointer)handoff->lacking);
    }
    if (handoff->dry_run)
        g_ptr_array_add(argv, (gpointer) "-n");
    if (handoff->verbose)
        g_ptr_array_add(argv, (gpointer) "-v");
    if (handoff->quiet)
        g_ptr_array_add(argv, (gpointer) "-q");
    g_ptr_array_add(argv, NULL);
    return argv;
}

struct SmHandoffRun {
    char *path;
    int event;        /* its standard input, locked while it lacks the event; -1: given */
    int words;        /* its standard error until sm_startup(): what the loader says is kept here */
    pid_t pid;        /* 0: none, or it has ended */
    int *exec_fault;  /* in memory that both processes see: why it could not be executed, or 0 */
    GError *fault;    /* why it could not be started */
    sigset_t awaited; /* blocked once it has the event: its end, and requests to end */
    gboolean asked;   /* a signal asked this process to end */
    guint time_limit; /* seconds */
    int status;       /* how it ended, as waitpid() says */
};

/* The child's side. It dies with this process, as it would if it had taken its place. */
G_GNUC_NORETURN static void
become(const SmHandoffRun *run, char **argv, pid_t parent)
{
    sigset_t none;

    sm_startup_end_by_signal();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
        dup2(run->event, STDIN_FILENO) == STDIN_FILENO &&
        dup2(STDERR_FILENO, SM_STARTUP_HELD) == SM_STARTUP_HELD &&
        dup2(run->words, STDERR_FILENO) == STDERR_FILENO && setenv(SM_STARTUP_HOLDS, "", 1) == 0)
        execv(run->path, argv);
    *run->exec_fault = errno;
    _exit(EX_OSERR);
}

/* The lock is this process's own: it ends with it, or as it closes the event. */
static gboolean
make_files(SmHandoffRun *run, GError **error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    run->event = memfd_create("scoremail-event", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    run->words = memfd_create("scoremail-words", MFD_CLOEXEC);
    return (run->event >= 0 && run->words >= 0 && fcntl(run->event, F_SETLK, &lock) == 0) ||
           sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot pass the event to scorefetch");
}

/* Not posix_spawn(), which returns once the program has been read: from a file system that hangs,
 * never. */
static void
start(SmHandoffRun *run, const SmHandoff *handoff, GError **error)
{
    g_autoptr(GPtrArray) argv = arguments(handoff);
    pid_t parent = getpid();

    run->exec_fault = mmap(NULL, sizeof *run->exec_fault, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->exec_fault == MAP_FAILED) {
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start %s: out of memory", run->path);
        return;
    }
    sm_startup_hold_requests(&run->awaited);
    run->pid = fork();
    if (run->pid == 0)
        become(run, (char **)argv->pdata, parent);
    if (run->pid < 0)
        sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start %s", run->path);
    sigprocmask(SIG_UNBLOCK, &run->awaited, NULL);
    sigaddset(&run->awaited, SIGCHLD);
    madvise(run->exec_fault, sizeof *run->exec_fault, MADV_DONTFORK); /* not for the parser child */
}

/* Waits for its end, passing requests on. FALSE when so many seconds have passed, or a few since
 * the first request. */
static gboolean
has_ended(SmHandoffRun *run, guint seconds)
{
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    gint64 left;

    while (waitpid(run->pid, &run->status, WNOHANG) == 0) {
        struct timespec wait;
        int number;

        left = until - g_get_monotonic_time();
        if (left <= 0)
            return FALSE;
        wait = (struct timespec){left / G_USEC_PER_SEC, left % G_USEC_PER_SEC * 1000};
        number = sigtimedwait(&run->awaited, NULL, &wait);
        if (number <= 0 || number == SIGCHLD)
            continue;
        kill(run->pid, number);
        if (!run->asked)
            until = MIN(until, g_get_monotonic_time() + GRACE * G_USEC_PER_SEC);
        run->asked = TRUE;
    }
    return TRUE;
}

/* FALSE where not even SIGKILL ends it, as where a file system hangs. */
static gboolean
stop(SmHandoffRun *run)
{
    if (!run->asked) {
        kill(run->pid, SIGTERM);
        if (has_ended(run, GRACE))
            return TRUE;
    }
    kill(run->pid, SIGKILL);
    return has_ended(run, GRACE);
}

/* The first line of what it said before it was at work; "" where it was. Caller frees. */
static char *
first_words(const SmHandoffRun *run)
{
    char said[WORDS_MAX + 1] = ": ";

    if (pread(run->words, said + 2, WORDS_MAX - 2, 0) <= 0)
        return g_strdup("");
    said[strcspn(said, "\n")] = '\0';
    return sm_text_clean(said, WORDS_MAX);
}

/* An exit for which mail systems would return the message. */
static void
tell_end(const SmHandoffRun *run, GError **error)
{
    int number = WIFSIGNALED(run->status) ? WTERMSIG(run->status) : 0;
    g_autofree char *words = first_words(run);

    if (*run->exec_fault != 0) {
        errno = *run->exec_fault;
        sm_error_from_errno(error, SM_ERROR_INTERNAL,
                            "cannot start %s; is it installed completely?", run->path);
    } else if (number != 0) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "%s was killed by signal %d (%s)%s",
                    run->path, number, strsignal(number),
                    number == SIGKILL ? "; did the host run out of memory?" : "");
    } else {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                    "%s exited with status %d%s; is it installed completely, with its libraries?",
                    run->path, WEXITSTATUS(run->status), words);
    }
}

static int
run_to_end(SmHandoffRun *run, GError **error)
{
    gboolean in_time = has_ended(run, run->time_limit);
    gboolean ended = in_time || stop(run);
    int code = ended && WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1;

    if (code == EX_OK || code == EX_TEMPFAIL)
        return code;
    if (run->asked) {
        g_warning("stopped by a signal before it was done; retry");
        return EX_TEMPFAIL;
    }
    if (in_time)
        tell_end(run, error);
    else
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                    "%s did not end within %u s (--time-limit)%s; does a file system hang?",
                    run->path, run->time_limit,
                    ended ? " and was stopped" : ", and cannot be killed");
    return -1;
}

/* Sealed, so that no other process can change what was validated. */
static gboolean
give(SmHandoffRun *run, const SmEvent *event, GError **error)
{
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    if (!sm_write_all(run->event, data, size) ||
        fcntl(run->event, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
            0 ||
        lseek(run->event, 0, SEEK_SET) < 0)
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot pass the event to scorefetch");
    sm_close(&run->event);
    return TRUE;
}

SmHandoffRun *
sm_handoff_start(const SmHandoff *handoff)
{
    static const char installed[] = SM_BINDIR "/" PROGRAM;
    g_autofree char *beside = sm_startup_companion(PROGRAM);
    SmHandoffRun *run = g_new0(SmHandoffRun, 1);

    run->path = access(beside, F_OK) == 0 ? g_steal_pointer(&beside) : g_strdup(installed);
    run->time_limit = handoff->time_limit;
    run->status = EX_SOFTWARE << 8;
    if (make_files(run, &run->fault))
        start(run, handoff, &run->fault);
    return run;
}

int
sm_handoff(SmHandoffRun *run, const SmEvent *event, GError **error)
{
    int code;

    if (run->fault != NULL) {
        g_propagate_error(error, g_steal_pointer(&run->fault));
        return -1;
    }
    g_info("handing over to %s", run->path);
    sigprocmask(SIG_BLOCK, &run->awaited, NULL);
    if (!give(run, event, error))
        return -1;
    code = run_to_end(run, error);
    run->pid = 0;
    return code;
}

void
sm_handoff_end(SmHandoffRun *run)
{
    if (run == NULL)
        return;
    if (run->pid > 0) {
        sigprocmask(SIG_BLOCK, &run->awaited, NULL);
        kill(run->pid, SIGKILL);
        has_ended(run, GRACE);
    }
    sm_close(&run->event);
    sm_close(&run->words);
    g_clear_error(&run->fault);
    g_free(run->path);
    g_free(run);
}
