/* Commands of the configuration: what they get, what is kept of what they say, how they end. */
#include "fetch/host/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/ledger/lock.h"

enum { SIZE = 64 };

#define SHELL(script) ((const char *const[]){"sh", "-c", script, NULL})

static gint64
in_seconds(int seconds)
{
    return g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

static void
assert_prints(const char *const *argv, const char *printed)
{
    g_autoptr(GError) error = NULL;
    char output[SIZE];
    gsize length = SIZE;

    sm_subprocess(argv, in_seconds(60), output, &length, SM_ERROR_SECRET, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(output, ==, printed);
    g_assert_cmpuint(length, ==, strlen(printed));
}

static void
assert_fails(const char *const *argv, gint64 limit, const char *message)
{
    g_autoptr(GError) error = NULL;
    char output[SIZE];
    gsize length = SIZE;

    g_assert_false(sm_subprocess(argv, limit, output, &length, SM_ERROR_SECRET, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_SECRET);
    g_assert_cmpstr(error->message, ==, message);
}

static void
what_it_prints_is_kept(void)
{
    assert_prints(SHELL("echo one; echo two"), "one\ntwo\n");
    assert_prints(SHELL("printf 'no line end'"), "no line end");
    assert_prints(SHELL(":"), "");
    assert_prints((const char *const[]){"/bin/echo", "a  b", "$HOME", NULL}, "a  b $HOME\n");
}

static void
what_is_too_much_is_dropped_and_it_may_go_on(void)
{
    g_autofree char *printed = g_strnfill(SIZE - 1, 'x');

    assert_prints(SHELL("head -c 300000 /dev/zero | tr '\\0' x"), printed);
}

static void
standard_error_is_no_output(void)
{
    assert_prints(SHELL("echo in >&2; echo out"), "out\n");
    assert_prints(SHELL("head -c 300000 /dev/zero >&2; echo out"), "out\n");
}

static void
it_gets_nothing_to_read(void)
{
    assert_prints(SHELL("cat; readlink /proc/self/fd/0"), "/dev/null\n");
}

static void
it_gets_no_descriptor_of_ours(void)
{
    int leaked = dup2(STDERR_FILENO, 17);

    g_assert_cmpint(leaked, ==, 17);
    assert_prints(SHELL("test -e /proc/self/fd/17 || echo none"), "none\n");
    close(leaked);
}

static void
it_gets_signals_as_a_fresh_process(void)
{
    sigset_t blocked, before;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    /* the last 7 digits: signals 1 to 28 */
    assert_prints(SHELL("sed -nE 's/Sig(Blk|Ign):.*(.{7})$/\\1 \\2/p' /proc/self/status"),
                  "Blk 0000000\nIgn 0000000\n");
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
}

static void
it_leads_a_group_of_its_own(void)
{
    assert_prints(SHELL("read -r _ _ _ _ group _ </proc/$$/stat; test $group -eq $$ && echo leads"),
                  "leads\n");
}

static void
its_failure_is_told_with_its_own_words(void)
{
    assert_fails(SHELL("echo secret; exit 3"), in_seconds(60), "exited with 3: no error output");
    assert_fails(SHELL("echo secret; echo 'no\tkey' >&2; echo 'here\033[2J' >&2; exit 1"),
                 in_seconds(60), "exited with 1: no key here?[2J");
    assert_fails(SHELL("kill -9 $$"), in_seconds(60), "was killed by signal 9: no error output");
    assert_fails((const char *const[]){"/no/such/program", NULL}, in_seconds(60),
                 "cannot be started: No such file or directory");
}

static void
what_it_printed_is_not_told_by_way_of_standard_error(void)
{
    assert_fails(SHELL("echo hunter2; echo 'not hunter2, is it' >&2; exit 1"), in_seconds(60),
                 "exited with 1: its error output repeats its output and is not shown");
}

static void
long_words_are_cut(void)
{
    g_autofree char *words = g_strnfill(300, 'y');
    g_autofree char *message = g_strconcat("exited with 1: ", words, NULL);

    assert_fails(SHELL("head -c 300000 /dev/zero | tr '\\0' y >&2; exit 1"), in_seconds(60),
                 message);
}

/* Whether the process that wrote its id to file is gone, or a zombie that nobody has waited for. */
static gboolean
is_gone(const char *file)
{
    g_autofree char *pid = NULL;
    g_autofree char *status = NULL;
    g_autofree char *stat = NULL;

    g_assert_true(g_file_get_contents(file, &pid, NULL, NULL));
    status = g_strdup_printf("/proc/%d/stat", atoi(pid));
    return !g_file_get_contents(status, &stat, NULL, NULL) || strstr(stat, ") Z ") != NULL;
}

static void
it_and_its_children_are_killed_when_the_time_is_over(void)
{
    g_autofree char *folder = g_dir_make_tmp("scoremail-subprocess-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "pid", NULL);
    g_autofree char *script = g_strdup_printf(
        "trap '' TERM; sleep 1000 & echo $! > %s.new; mv %s.new %s; echo waiting >&2; wait", file,
        file, file);
    gint64 limit = in_seconds(3);

    assert_fails(SHELL(script), limit, "did not end in time and was killed: waiting");
    g_assert_cmpint(g_get_monotonic_time(), >=, limit);
    while (!is_gone(file))
        g_usleep(1000);
    unlink(file);
    rmdir(folder);
}

/* What it starts may clean up: SIGTERM first. */
static void
it_may_clean_up_when_the_time_is_over(void)
{
    assert_fails(SHELL("trap 'echo cleaned >&2; exit' TERM; sleep 1000 & wait"), in_seconds(3),
                 "did not end in time and was killed: cleaned");
}

/* The process that started a command is killed, and so cannot stop it. */
static void
it_ends_with_the_process_that_started_it(void)
{
    g_autofree char *folder = g_dir_make_tmp("scoremail-subprocess-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "pid", NULL);
    g_autofree char *lock = g_build_filename(folder, "lock", NULL);
    g_autofree char *script = g_strdup_printf(
        "trap '' TERM; sleep 1000 & echo $! > %s.new; mv %s.new %s; wait", file, file, file);
    int held = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int other = open(lock, O_RDWR | O_CLOEXEC);
    pid_t starter = fork();
    int status;

    g_assert_cmpint(held, >=, 0);
    if (starter == 0) {
        const SmTask task = {.argv = SHELL(script), .limit = in_seconds(60), .held = held};

        sm_lock_take(&(SmLedger){.lock_fd = held}, 7, 0, NULL, NULL);
        sm_subprocess_do(&task, NULL, SM_ERROR_IO, NULL);
        _exit(0);
    }
    close(held);
    while (access(file, F_OK) < 0)
        g_usleep(1000);
    kill(starter, SIGKILL);
    waitpid(starter, &status, 0);
    g_assert_false(sm_lock_take(&(SmLedger){.lock_fd = other}, 7, 0, NULL,
                                NULL)); /* it has a second to clean up */
    g_assert_true(sm_lock_take(&(SmLedger){.lock_fd = other}, 7, 60, NULL, NULL));
    while (!is_gone(file)) /* of SIGKILL: soon */
        g_usleep(1000);
    close(other);
    unlink(file);
    unlink(lock);
    rmdir(folder);
}

static void
one_that_prints_without_end_is_killed_too(void)
{
    assert_fails((const char *const[]){"yes", NULL}, in_seconds(1),
                 "did not end in time and was killed: no error output");
}

static void
a_child_left_behind_does_not_keep_us(void)
{
    assert_prints(SHELL("sleep 5 & echo done"), "done\n"); /* it holds the pipe open */
}

static void
assert_does(const char *script, const char *message)
{
    static const char *const environment[] = {"PATH=/usr/bin:/bin", "WORD=told", NULL};
    g_autoptr(GError) error = NULL;
    const SmTask task = {
        .argv = SHELL(script), .environment = environment, .limit = in_seconds(60)};
    gboolean done = sm_subprocess_do(&task, NULL, SM_ERROR_IO, &error);

    g_assert_cmpint(done, ==, message == NULL);
    g_assert_cmpstr(done ? NULL : error->message, ==, message);
}

static void
one_for_what_it_does_gets_an_environment_of_its_own(void)
{
    g_setenv("STRAY", "ours", TRUE);
    assert_does("test \"$WORD\" = told && test -z \"$STRAY\"", NULL);
    g_unsetenv("STRAY");
}

static void
one_for_what_it_does_may_print_what_it_likes(void)
{
    assert_does("head -c 300000 /dev/zero; echo words >&2", NULL);
    assert_does("echo one; echo two >&2; echo one; exit 4", "exited with 4: one two one");
    assert_does("echo >&2; exit 4", "exited with 4: no error output");
}

static void
one_for_what_it_does_gets_no_descriptor_either(void)
{
    int leaked = dup2(STDERR_FILENO, 17);

    g_assert_cmpint(leaked, ==, 17);
    assert_does("test ! -e /proc/self/fd/17 && test \"$(readlink /proc/self/fd/0)\" = /dev/null",
                NULL);
    close(leaked);
}

static void
assert_takes(const char *const *argv, const char *input)
{
    const SmTask task = {.argv = argv, .input = input, .limit = in_seconds(60)};
    g_autoptr(GError) error = NULL;

    sm_subprocess_do(&task, NULL, SM_ERROR_IO, &error);
    g_assert_no_error(error);
}

static void
it_is_fed(void)
{
    g_autofree char *large = g_strnfill(1 << 20, 'x');
    const SmTask fails = {
        .argv = SHELL("echo no >&2; exit 3"), .input = "x", .limit = in_seconds(60)};
    g_autoptr(GError) error = NULL;

    assert_takes(SHELL("test \"$(cat)\" = 'two words'"), "two words\n");
    assert_takes(SHELL("test -z \"$(cat)\""), "");
    assert_takes(SHELL("test \"$(wc -c)\" -eq 1048576"), large);
    assert_takes(SHELL("head -c 1 >/dev/null"), large); /* it need not read all */
    assert_takes(SHELL("cat; cat /dev/zero | head -c 1000000"), "what it prints is dropped");
    g_assert_false(sm_subprocess_do(&fails, NULL, SM_ERROR_IO, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_IO);
    g_assert_cmpstr(error->message, ==, "exited with 3: no");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
/* not "subprocess": GTest leaves out what is called so */
#define CASE(title, body) g_test_add_func("/command/" title, body)
    CASE("what it prints is kept", what_it_prints_is_kept);
    CASE("what is too much is dropped", what_is_too_much_is_dropped_and_it_may_go_on);
    CASE("standard error is no output", standard_error_is_no_output);
    CASE("it gets nothing to read", it_gets_nothing_to_read);
    CASE("it gets no descriptor of ours", it_gets_no_descriptor_of_ours);
    CASE("it gets signals as a fresh process", it_gets_signals_as_a_fresh_process);
    CASE("it leads a group of its own", it_leads_a_group_of_its_own);
    CASE("its failure is told with its own words", its_failure_is_told_with_its_own_words);
    CASE("what it printed is not told by way of standard error",
         what_it_printed_is_not_told_by_way_of_standard_error);
    CASE("long words are cut", long_words_are_cut);
    CASE("it and its children are killed when the time is over",
         it_and_its_children_are_killed_when_the_time_is_over);
    CASE("it may clean up when the time is over", it_may_clean_up_when_the_time_is_over);
    CASE("it ends with the process that started it", it_ends_with_the_process_that_started_it);
    CASE("one that prints without end is killed too", one_that_prints_without_end_is_killed_too);
    CASE("one for what it does gets an environment of its own",
         one_for_what_it_does_gets_an_environment_of_its_own);
    CASE("one for what it does may print what it likes",
         one_for_what_it_does_may_print_what_it_likes);
    CASE("one for what it does gets no descriptor either",
         one_for_what_it_does_gets_no_descriptor_either);
    CASE("a child left behind does not keep us", a_child_left_behind_does_not_keep_us);
    CASE("it is fed", it_is_fed);
    return g_test_run();
}
