#include "fetch/host/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/error.h"

enum {
    TICK_MS = 50,
    GRACE_TICKS = 20, /* of them between SIGTERM and SIGKILL: a second */
};

struct SmKeptEnd {
    gboolean known;
    int fault; /* errno */
    int status;
};

/* The functions down to keep() run in a fork of a process that may have threads: they may call
 * nothing that is not async-signal-safe. */

static void
reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
}

/* In the command's process, which dies with the one beside it. */
G_GNUC_NORETURN static void
become(const SmKept *kept, struct SmKeptEnd *end, pid_t parent)
{
    int in = kept->in >= 0 ? kept->in : open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
        dup2(in, STDIN_FILENO) >= 0 && dup2(kept->out, STDOUT_FILENO) >= 0 &&
        dup2(kept->err, STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, UINT_MAX, 0) == 0)
        execvpe(kept->argv[0], (char **)kept->argv, (char **)kept->environment);
    end->fault = errno;
    _exit(EXIT_FAILURE);
}

/* Nothing of ours but what is held: who waits for the end of a pipe waits for no command. */
static void
close_all_but(int held)
{
    if (held >= 0 && dup2(held, STDIN_FILENO) >= 0)
        close_range(STDIN_FILENO + 1, UINT_MAX, 0);
    else
        close_range(0, UINT_MAX, 0);
}

static gboolean
has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

/* Until the command has ended, by itself or because that is asked for; one that hangs in the kernel
 * is waited for. */
static void
watch(pid_t command, const sigset_t *awaited)
{
    const struct timespec tick = {0, TICK_MS * 1000 * 1000};
    gboolean asked = FALSE;
    int ticks = 0;

    while (!has_ended(command)) {
        gboolean waits = asked && ticks <= GRACE_TICKS;
        int number = sigtimedwait(awaited, NULL, waits ? &tick : NULL);

        if (number == SIGTERM && !asked) {
            asked = TRUE;
            kill(-command, SIGTERM);
        } else if (number < 0 && waits && ++ticks == GRACE_TICKS) {
            kill(-command, SIGKILL);
        }
    }
    if (asked)
        kill(-command, SIGKILL);
}

G_GNUC_NORETURN static void
keep(const SmKept *kept, struct SmKeptEnd *end, pid_t parent)
{
    pid_t self = getpid(), command;
    sigset_t awaited;

    reset_signals();
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
    command = fork();
    if (command == 0)
        become(kept, end, self);
    if (command < 0) {
        end->fault = errno;
    } else {
        setpgid(command, command);
        close_all_but(kept->held);
        sigemptyset(&awaited);
        sigaddset(&awaited, SIGCHLD);
        sigaddset(&awaited, SIGTERM);
        watch(command, &awaited);
        waitpid(command, &end->status, 0);
    }
    end->known = TRUE;
    _exit(EXIT_SUCCESS);
}

gboolean
sm_keeper_start(SmKeeper *keeper, const SmKept *kept, GError **error)
{
    pid_t self = getpid();
    sigset_t all, before;

    *keeper = (SmKeeper){.shared = mmap(NULL, sizeof *keeper->shared, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
    if (keeper->shared == MAP_FAILED) {
        keeper->shared = NULL;
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start it");
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours runs in the fork */
    keeper->pid = fork();
    if (keeper->pid == 0)
        keep(kept, keeper->shared, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (keeper->pid > 0)
        return TRUE;
    keeper->pid = 0;
    return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start it");
}

gboolean
sm_keeper_has_ended(SmKeeper *keeper)
{
    int status = 0;

    if (keeper->pid == 0)
        return TRUE;
    if (waitpid(keeper->pid, &status, WNOHANG) == 0)
        return FALSE;
    keeper->pid = 0;
    keeper->start_fault = keeper->shared->fault;
    keeper->status = keeper->shared->known ? keeper->shared->status : status;
    return TRUE;
}

void
sm_keeper_stop(const SmKeeper *keeper)
{
    if (keeper->pid > 0)
        kill(keeper->pid, SIGTERM);
}

void
sm_keeper_clear(SmKeeper *keeper)
{
    if (keeper->shared != NULL)
        munmap(keeper->shared, sizeof *keeper->shared);
    *keeper = (SmKeeper){0};
}
