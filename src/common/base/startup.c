#include "common/base/startup.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "build-config.h"

enum { WITHOUT_CLOSE_RANGE = 4096 };

#define SAFE_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a terminal, a locale, a clock, the XDG paths, systemd and its units need, and nothing that
 * steers a library. */
static const char *const kept[] = {
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_TIME",
    "TZ",
    "TERM",
    "COLUMNS",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "NO_COLOR",
    "CREDENTIALS_DIRECTORY",
    "JOURNAL_STREAM",
    "SCOREMAIL_COMMANDS",
};

char *
sm_startup_companion(const char *name)
{
    char folder[PATH_MAX] = SM_BINDIR "/scoremail", *path;
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    int made;

    if (length > 0)
        folder[length] = '\0';
    *strrchr(folder, '/') = '\0';
    made = asprintf(&path, "%s/%s", folder, name);
    if (made >= 0 && access(path, F_OK) == 0)
        return path;
    if (made >= 0)
        free(path);
    made = *SM_LIBEXECDIR == '/' ? asprintf(&path, "%s/%s", SM_LIBEXECDIR, name)
                                 : asprintf(&path, "%s/../%s/%s", folder, SM_LIBEXECDIR, name);
    if (made < 0)
        abort(); /* as GLib does without memory */
    return path;
}

char *
sm_startup_home(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user != NULL && user->pw_dir != NULL ? strdup(user->pw_dir) : NULL;
}

void
sm_startup_export_home(void)
{
    char *home = sm_startup_home();

    if (home != NULL)
        setenv("HOME", home, 1);
    free(home);
}

static gboolean
is_kept(const char *variable)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
        gsize length = strlen(kept[i]);

        if (strncmp(variable, kept[i], length) == 0 && variable[length] == '=')
            return TRUE;
    }
    return FALSE;
}

void
sm_startup_environment(void)
{
    char **to = environ;

    for (char **from = environ; from != NULL && *from != NULL; from++)
        if (is_kept(*from))
            *to++ = *from;
    if (to != NULL)
        *to = NULL;
    setenv("PATH", SAFE_PATH, 1);
}

static gboolean
repair_descriptors(void)
{
    if (getenv(SM_STARTUP_HOLDS) != NULL)
        dup2(SM_STARTUP_HELD, STDERR_FILENO);
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) != fd)
            return FALSE;
    if (close_range(3, ~0U, 0) < 0) /* a kernel before 5.9, or a container that forbids it */
        for (int fd = 3; fd < WITHOUT_CLOSE_RANGE; fd++)
            close(fd);
    return TRUE;
}

static void
end_as_filter(const char *line, gsize length)
{
    ssize_t said = write(STDERR_FILENO, line, length);

    (void)said; /* nobody may be reading */
    _exit(EX_TEMPFAIL);
}

static void
end_as_told(int number)
{
    static const char line[] = "scoremail: stopped by a signal before it was done; retry\n";

    (void)number;
    end_as_filter(line, sizeof line - 1);
}

#ifndef SM_SANITIZED /* the sanitizers report faults themselves */
/* No agent shall see a closed pipe. */
static void
drain_input(void)
{
    char some[4096];

    while (!isatty(STDIN_FILENO) && read(STDIN_FILENO, some, sizeof some) > 0)
        ;
}

/* GLib and the C library print a message before they raise these two. */
static void
end_quietly(int number)
{
    (void)number;
    drain_input();
    _exit(EX_TEMPFAIL);
}

/* As for a file that was cut short while, or before, it was loaded. */
static void
end_by_file(int number)
{
    static const char line[] =
        "scoremail: a file of the program or a library cannot be read to its "
        "end (SIGBUS); install it anew, or look at the disk\n";

    (void)number;
    drain_input();
    end_as_filter(line, sizeof line - 1);
}

#define BY_SIGNAL "scoremail: stopped by signal "

static void
end_by_fault(int number)
{
    char line[] = BY_SIGNAL "00, a bug; retry, and report it\n";
    char *digits = line + sizeof BY_SIGNAL - 1;

    drain_input();
    digits[0] = (char)('0' + number / 10 % 10);
    digits[1] = (char)('0' + number % 10);
    end_as_filter(line, sizeof line - 1);
}
#endif

/* Nearly each signal ends a process: a mail system sends SIGTERM, SIGHUP or SIGINT to stop us. */
static const struct {
    int number;
    void (*answer)(int);
} others[] = {
    {SIGPIPE, SIG_IGN},  {SIGXFSZ, SIG_IGN}, /* past an agent's limit on files a write fails, as on
                                                a full disk */
    {SIGKILL, SIG_DFL},  {SIGSTOP, SIG_DFL}, {SIGTSTP, SIG_DFL}, {SIGTTIN, SIG_DFL},
    {SIGTTOU, SIG_DFL},  {SIGCONT, SIG_DFL}, {SIGCHLD, SIG_DFL}, {SIGURG, SIG_DFL},
    {SIGWINCH, SIG_DFL},
#ifdef SM_SANITIZED
    {SIGABRT, SIG_DFL},  {SIGTRAP, SIG_DFL}, {SIGSEGV, SIG_DFL}, {SIGBUS, SIG_DFL},
    {SIGILL, SIG_DFL},   {SIGFPE, SIG_DFL},  {SIGSYS, SIG_DFL},
#else
    {SIGABRT, end_quietly}, {SIGTRAP, end_quietly}, {SIGSEGV, end_by_fault}, {SIGBUS, end_by_file},
    {SIGILL, end_by_fault}, {SIGFPE, end_by_fault}, {SIGSYS, end_by_fault},
#endif
};

/* What the filter does at a signal. */
static void (*answer_to(int number))(int)
{
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (others[i].number == number)
            return others[i].answer;
    return end_as_told;
}

void
sm_startup_end_by_signal(void)
{
    for (int number = 1; number < NSIG; number++)
        if (answer_to(number) != SIG_IGN)
            signal(number, SIG_DFL);
}

void
sm_startup_hold_requests(sigset_t *held)
{
    sigemptyset(held);
    for (int number = 1; number < NSIG; number++)
        if (answer_to(number) == end_as_told) /* a fault cannot be held back */
            sigaddset(held, number);
    sigprocmask(SIG_BLOCK, held, NULL);
}

/* Unblocked last: what was held back until now is answered as the role wants it. */
static void
reset_signals(SmRole role)
{
    sigset_t none;

    alarm(0);                 /* survives exec: some mail agents leave theirs running */
    signal(SIGALRM, SIG_IGN); /* forgets one that has gone off already, blocked until now */
    for (int number = 1; number < NSIG; number++) {
        void (*answer)(int) = answer_to(number);

        if (role == SM_ROLE_PROMPT && (number == SIGHUP || number == SIGINT || number == SIGQUIT) &&
            signal(number, SIG_IGN) == SIG_IGN)
            continue; /* nohup(1) and background jobs ignore them on purpose */
        signal(number, role == SM_ROLE_FILTER || answer == SIG_IGN ? answer : SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

const char *
sm_startup(SmRole role)
{
    const struct rlimit no_core = {0, 0};

    if (!repair_descriptors())
        return "/dev/null";
    reset_signals(role);
    umask(077);
    if (setrlimit(RLIMIT_CORE, &no_core) < 0)
        return "cannot forbid core dumps";
#ifndef SM_SANITIZED /* the leak checker attaches like a debugger */
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        return "cannot forbid attaching";
#endif
    return NULL;
}

void
sm_startup_exit(int code)
{
#ifdef SM_SANITIZED /* the leak checker looks at the end */
    exit(code);
#else
    fflush(NULL);
    _exit(code);
#endif
}
