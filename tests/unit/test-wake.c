/* The FIFO that starts the worker: a byte in, all bytes out, and never a wait. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/event/wake.h"

typedef struct {
    char *folder;
    char *fifo;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("scoremail-wake-XXXXXX", NULL);
    fixture->fifo = g_build_filename(fixture->folder, "wake", NULL);
    signal(SIGPIPE, SIG_IGN); /* as sm_startup() has it */
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_unlink(fixture->fifo);
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->fifo);
}

/* As systemd does. */
static int
wait_at(const Fixture *fixture)
{
    g_assert_cmpint(mkfifo(fixture->fifo, 0620), ==, 0);
    return open(fixture->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static int
count_bytes(int fd)
{
    int count = -1;

    g_assert_cmpint(ioctl(fd, FIONREAD, &count), ==, 0);
    return count;
}

static void
each_event_is_a_byte_and_all_are_taken_at_once(Fixture *fixture, gconstpointer data)
{
    sm_autofd int reader = wait_at(fixture);

    sm_wake(fixture->fifo);
    sm_wake(fixture->fifo);
    g_assert_cmpint(count_bytes(reader), ==, 2);
    sm_wake_drain(fixture->fifo);
    g_assert_cmpint(count_bytes(reader), ==, 0);
    sm_wake_drain(fixture->fifo); /* an empty one does not keep us */
}

static void
a_full_one_holds_nobody_up(Fixture *fixture, gconstpointer data)
{
    sm_autofd int reader = wait_at(fixture);
    const char bytes[4096] = "";

    while (write(reader, bytes, sizeof bytes) > 0)
        ;
    sm_wake(fixture->fifo);
    sm_wake_drain(fixture->fifo);
    g_assert_cmpint(count_bytes(reader), ==, 0);
}

static void
nobody_waits_for_a_reader(Fixture *fixture, gconstpointer data)
{
    sm_wake(fixture->fifo); /* there is none */
    sm_wake_drain(fixture->fifo);
    g_assert_cmpint(mkfifo(fixture->fifo, 0620), ==, 0);
    sm_wake(fixture->fifo); /* ENXIO */
    sm_wake_drain(fixture->fifo);
}

static void
what_is_no_fifo_is_left_alone(Fixture *fixture, gconstpointer data)
{
    g_autofree char *other = g_build_filename(fixture->folder, "other", NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_set_contents(fixture->fifo, "a", 1, NULL));
    sm_wake(fixture->fifo);
    sm_wake_drain(fixture->fifo);
    g_assert_true(g_file_get_contents(fixture->fifo, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "a");

    g_assert_cmpint(rename(fixture->fifo, other), ==, 0);
    g_assert_cmpint(mkfifo(fixture->fifo, 0620), ==, 0);
    g_unlink(fixture->fifo);
    g_assert_cmpint(symlink(other, fixture->fifo), ==, 0);
    sm_wake(fixture->fifo);
    g_free(g_steal_pointer(&text));
    g_assert_true(g_file_get_contents(other, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "a");
    g_unlink(other);
}

static void
another_user_s_is_not_emptied(Fixture *fixture, gconstpointer data)
{
    sm_autofd int reader = -1;

    if (geteuid() != 0) {
        g_test_skip("only root can make another user's FIFO");
        return;
    }
    reader = wait_at(fixture);
    g_assert_cmpint(chown(fixture->fifo, 1234, 1234), ==, 0);
    sm_wake(fixture->fifo);
    sm_wake_drain(fixture->fifo);
    g_assert_cmpint(count_bytes(reader), ==, 1);
}

#define ADD(path, body) g_test_add(path, Fixture, NULL, set_up, body, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/wake/each event is a byte, and all are taken at once",
        each_event_is_a_byte_and_all_are_taken_at_once);
    ADD("/wake/a full one holds nobody up", a_full_one_holds_nobody_up);
    ADD("/wake/nobody waits for a reader", nobody_waits_for_a_reader);
    ADD("/wake/what is no FIFO is left alone", what_is_no_fifo_is_left_alone);
    ADD("/wake/another user's is not emptied", another_user_s_is_not_emptied);
    return g_test_run();
}
