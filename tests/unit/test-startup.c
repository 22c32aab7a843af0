/* Start-up hygiene: each case spoils a process of its own, then calls sm_startup(). */
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/startup.h"

/* Runs body in a subprocess; it must end well. */
static void
in_a_process_of_its_own(gconstpointer data)
{
    void (*body)(void) = *(void (*const *)(void))data;

    if (g_test_subprocess()) {
        body();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
}

static void
start(void)
{
    g_assert_null(sm_startup(SM_ROLE_PROMPT));
    sm_startup_environment();
}

static void
drops_what_steers_libraries(void)
{
    static const char *const bad[] = {
        "SSLKEYLOGFILE", "https_proxy", "HTTPS_PROXY",   "ALL_PROXY",        "NO_PROXY",
        "SSL_CERT_FILE", "CURL_HOME",   "G_DEBUG",       "G_MESSAGES_DEBUG", "GCONV_PATH",
        "LOCPATH",       "LD_PRELOAD",  "MALLOC_CHECK_", "SQLITE_TMPDIR",    "TMPDIR",
        "OPENSSL_CONF",  "IFS",         "BASH_ENV",      "RES_OPTIONS",      "PASSWORD",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        setenv(bad[i], "/tmp/stolen", 1);
    start();
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(getenv(bad[i]));
}

static void
keeps_locale_clock_terminal_and_folders(void)
{
    static const char *const good[] = {"LANG",
                                       "LC_ALL",
                                       "TZ",
                                       "TERM",
                                       "XDG_CONFIG_HOME",
                                       "XDG_STATE_HOME",
                                       "NO_COLOR",
                                       "CREDENTIALS_DIRECTORY",
                                       "JOURNAL_STREAM",
                                       "SCOREMAIL_COMMANDS"};

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        setenv(good[i], good[i], 1);
    unsetenv("COLUMNS");
    start();
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_cmpstr(getenv(good[i]), ==, good[i]);
    g_assert_null(getenv("COLUMNS"));
}

static void
sets_path_and_home_itself(void)
{
    setenv("PATH", "/tmp/evil", 1);
    setenv("HOME", "/tmp/evil", 1);
    start();
    g_assert_cmpstr(getenv("PATH"), ==,
                    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    g_assert_null(getenv("HOME"));
    sm_startup_export_home();
    g_assert_cmpstr(getenv("HOME"), ==, getpwuid(geteuid())->pw_dir);
}

static void
never_asks_home(void)
{
    g_autofree char *home = NULL;

    setenv("HOME", "/tmp/evil", 1);
    home = sm_startup_home();
    g_assert_cmpstr(home, ==, getpwuid(geteuid())->pw_dir);
}

static void
closes_leaked_descriptors(void)
{
    int near = open("/dev/null", O_RDONLY);
    int far = fcntl(near, F_DUPFD, 100);

    g_assert_cmpint(near, >, 2);
    g_assert_cmpint(far, >=, 100);
    start();
    g_assert_cmpint(fcntl(near, F_GETFD), ==, -1);
    g_assert_cmpint(fcntl(far, F_GETFD), ==, -1);
}

static void
opens_missing_descriptors(void)
{
    struct stat null_device;
    struct stat about;

    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    start();
    g_assert_cmpint(stat("/dev/null", &null_device), ==, 0);
    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++) {
        g_assert_cmpint(fstat(fd, &about), ==, 0);
        g_assert_true(about.st_rdev == null_device.st_rdev);
    }
    g_assert_cmpint(write(STDOUT_FILENO, "x", 1), ==, -1); /* or what nobody gets counts as said */
}

static void
sets_the_umask(void)
{
    umask(0);
    start();
    g_assert_cmpuint(umask(0), ==, 077);
}

static void
forbids_core_dumps(void)
{
    struct rlimit limit;

    start();
    g_assert_cmpint(getrlimit(RLIMIT_CORE, &limit), ==, 0);
    g_assert_cmpuint(limit.rlim_cur, ==, 0);
    g_assert_cmpuint(limit.rlim_max, ==, 0);
#ifndef SM_SANITIZED
    g_assert_cmpint(prctl(PR_GET_DUMPABLE), ==, 0);
#endif
}

static void
resets_signals(void)
{
    struct sigaction action;
    sigset_t mask;

    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    sigfillset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    start();
    sigaction(SIGHUP, NULL, &action); /* by nohup(1) */
    g_assert_true(action.sa_handler == SIG_IGN);
    signal(SIGHUP, SIG_DFL);
    start();
    sigaction(SIGHUP, NULL, &action);
    g_assert_true(action.sa_handler == SIG_DFL);
    sigaction(SIGTERM, NULL, &action);
    g_assert_true(action.sa_handler == SIG_DFL);
    sigaction(SIGCHLD, NULL, &action);
    g_assert_true(action.sa_handler == SIG_DFL);
    sigaction(SIGPIPE, NULL, &action);
    g_assert_true(action.sa_handler == SIG_IGN);
    sigaction(SIGXFSZ, NULL, &action);
    g_assert_true(action.sa_handler == SIG_IGN);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    g_assert_cmpint(sigisemptyset(&mask), ==, 1);
}

static void
clears_an_inherited_alarm(void)
{
    alarm(1000);
    start();
    g_assert_cmpuint(alarm(0), ==, 0);
}

static void
survives_an_alarm_that_has_gone_off(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGALRM);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    kill(getpid(), SIGALRM);
    start();
}

static const struct {
    const char *title;
    void (*body)(void);
} cases[] = {
    {"drops what steers libraries", drops_what_steers_libraries},
    {"keeps locale, clock, terminal and folders", keeps_locale_clock_terminal_and_folders},
    {"sets PATH and HOME itself", sets_path_and_home_itself},
    {"never asks HOME", never_asks_home},
    {"closes leaked descriptors", closes_leaked_descriptors},
    {"opens missing descriptors", opens_missing_descriptors},
    {"sets the umask", sets_the_umask},
    {"forbids core dumps", forbids_core_dumps},
    {"resets signals", resets_signals},
    {"clears an inherited alarm", clears_an_inherited_alarm},
    {"survives an alarm that has gone off", survives_an_alarm_that_has_gone_off},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/startup/", cases[i].title, NULL);

        g_test_add_data_func(path, &cases[i].body, in_a_process_of_its_own);
    }
    return g_test_run();
}
