#include "common/base/startup.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/error.h"

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
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self != NULL ? self : SM_BINDIR "/scoremail");
    g_autofree char *beside = g_build_filename(folder, name, NULL);

    if (g_file_test(beside, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&beside);
    return g_path_is_absolute(SM_LIBEXECDIR)
               ? g_build_filename(SM_LIBEXECDIR, name, NULL)
               : g_build_filename(folder, "..", SM_LIBEXECDIR, name, NULL);
}

char *
sm_startup_home(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user != NULL && user->pw_dir != NULL ? g_strdup(user->pw_dir) : NULL;
}

void
sm_startup_export_home(void)
{
    g_autofree char *home = sm_startup_home();

    if (home != NULL)
        setenv("HOME", home, 1);
}

static void
rebuild_environment(void)
{
    char *values[G_N_ELEMENTS(kept)];

    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
        values[i] = g_strdup(getenv(kept[i]));
    clearenv();
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
        if (values[i] != NULL)
            setenv(kept[i], values[i], 1);
        g_free(values[i]);
    }
    setenv("PATH", SAFE_PATH, 1);
}

static gboolean
repair_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
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
/* GLib and the C library print a message before they raise these two. */
static void
end_quietly(int number)
{
    (void)number;
    _exit(EX_TEMPFAIL);
}

#define BY_SIGNAL "scoremail: stopped by signal "

static void
end_by_fault(int number)
{
    char line[] = BY_SIGNAL "00, a bug; retry, and report it\n";
    char *digits = line + sizeof BY_SIGNAL - 1;

    digits[0] = (char)('0' + number / 10 % 10);
    digits[1] = (char)('0' + number % 10);
    end_as_filter(line, sizeof line - 1);
}
#endif

/* All that end a process and can be caught. A mail system sends the first three to stop us. */
static const struct {
    int number;
    void (*answer)(int);
} ends[] = {
    {SIGTERM, end_as_told},   {SIGHUP, end_as_told},  {SIGINT, end_as_told},
    {SIGQUIT, end_as_told},   {SIGUSR1, end_as_told}, {SIGUSR2, end_as_told},
    {SIGVTALRM, end_as_told}, {SIGPROF, end_as_told}, {SIGXCPU, end_as_told},
#ifndef SM_SANITIZED
    {SIGABRT, end_quietly},   {SIGTRAP, end_quietly}, {SIGSEGV, end_by_fault},
    {SIGBUS, end_by_fault},   {SIGILL, end_by_fault}, {SIGFPE, end_by_fault},
    {SIGSYS, end_by_fault},
#endif
};

void
sm_startup_end_by_signal(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        signal(ends[i].number, SIG_DFL);
}

void
sm_startup_hold_requests(sigset_t *held)
{
    sigemptyset(held);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        if (ends[i].answer == end_as_told) /* a fault cannot be held back */
            sigaddset(held, ends[i].number);
    sigprocmask(SIG_BLOCK, held, NULL);
}

/* Unblocked last: what was held back until now is answered as the role wants it. */
static void
reset_signals(SmRole role)
{
    sigset_t none;

    alarm(0);                 /* survives exec: some mail agents leave theirs running */
    signal(SIGALRM, SIG_IGN); /* forgets one that has gone off already, blocked until now */
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* past an agent's limit on files a write fails, as on a full disk */
    for (gsize i = 0; role == SM_ROLE_FILTER && i < G_N_ELEMENTS(ends); i++)
        signal(ends[i].number, ends[i].answer);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

gboolean
sm_startup(SmRole role, GError **error)
{
    const struct rlimit no_core = {0, 0};

    if (!repair_descriptors())
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "/dev/null");
    reset_signals(role);
    umask(077);
    if (setrlimit(RLIMIT_CORE, &no_core) < 0)
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot forbid core dumps");
#ifndef SM_SANITIZED /* the leak checker attaches like a debugger */
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot forbid attaching");
#endif
    rebuild_environment();
    return TRUE;
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
