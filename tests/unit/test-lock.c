/* Byte locks: they exclude other processes, end with their holder, and are waited for with a limit.
 */
#include "fetch/ledger/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch-fixture.h"

typedef struct {
    const char *path;
    gint64 byte;
    int ready; /* written to once the lock is held */
    int end;   /* the holder drops the lock when this end is closed */
} Holder;

/* What ends the holder once somebody waits for it. */
static int end_of_holder = -1;

/* In place of GLib's: with it a waiter waits for the holder's end. */
void
g_usleep(gulong microseconds)
{
    const struct timespec pause = {0, (long)microseconds * 1000};

    sm_close(&end_of_holder);
    nanosleep(&pause, NULL);
}

static int
open_lock_file(Fixture *fixture)
{
    g_autofree char *path = g_build_filename(fixture->folder, "ledger.lock", NULL);
    int fd = open(path, O_RDWR | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static int
hold(gpointer data)
{
    const Holder *holder = data;
    int fd = open(holder->path, O_RDWR | O_CLOEXEC);
    char c;

    if (fd < 0 || !sm_lock_take(&(SmLedger){.lock_fd = fd}, holder->byte, 0, NULL, NULL) ||
        write(holder->ready, "x", 1) != 1)
        return 1;
    while (read(holder->end, &c, 1) > 0)
        ;
    return 0;
}

/* A process that holds the byte until *end is closed or it is killed. */
static pid_t
start_holder(Fixture *fixture, gint64 byte, int *end)
{
    g_autofree char *path = g_build_filename(fixture->folder, "ledger.lock", NULL);
    int ready[2], ending[2];
    Holder holder = {.path = path, .byte = byte};
    pid_t pid;
    char c;

    g_assert_cmpint(pipe2(ready, O_CLOEXEC), ==, 0);
    g_assert_cmpint(pipe2(ending, O_CLOEXEC), ==, 0);
    holder.ready = ready[1];
    holder.end = ending[0];
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        close(ending[1]);
        _exit(hold(&holder));
    }
    close(ready[1]);
    close(ending[0]);
    g_assert_cmpint(read(ready[0], &c, 1), ==, 1);
    close(ready[0]);
    *end = ending[1];
    return pid;
}

static void
excludes_other_processes(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = open_lock_file(fixture);
    sm_autofd int end = -1;
    g_autoptr(GError) error = NULL;
    gboolean waited = TRUE;
    pid_t pid = start_holder(fixture, 7, &end);

    g_assert_false(sm_lock_take(&(SmLedger){.lock_fd = fd}, 7, 0, NULL, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_BUSY);
    fixture_assert_says(error->message, "another process", NULL);
    g_assert_true(
        sm_lock_take(&(SmLedger){.lock_fd = fd}, 8, 0, &waited, NULL)); /* its neighbour is free */
    g_assert_false(waited);
    sm_close(&end);
    g_assert_cmpint(fixture_wait(pid), ==, 0);
    g_assert_true(sm_lock_take(&(SmLedger){.lock_fd = fd}, 7, 0, &waited, NULL));
    g_assert_false(waited);
}

static void
excludes_another_opening_in_the_same_process(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = open_lock_file(fixture);
    sm_autofd int other = open_lock_file(fixture);

    g_assert_true(sm_lock_take(&(SmLedger){.lock_fd = fd}, 1, 0, NULL, NULL));
    g_assert_true(
        sm_lock_take(&(SmLedger){.lock_fd = fd}, 1, 0, NULL, NULL)); /* one's own does no harm */
    g_assert_false(sm_lock_take(&(SmLedger){.lock_fd = other}, 1, 0, NULL, NULL));
    sm_lock_drop(&(SmLedger){.lock_fd = fd}, 1);
    g_assert_true(sm_lock_take(&(SmLedger){.lock_fd = other}, 1, 0, NULL, NULL));
}

static void
dies_with_its_holder(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = open_lock_file(fixture);
    sm_autofd int end = -1;
    gboolean waited;
    pid_t pid = start_holder(fixture, SM_LOCK_ACCOUNTS + 3, &end);

    g_assert_false(sm_lock_take(&(SmLedger){.lock_fd = fd}, SM_LOCK_ACCOUNTS + 3, 0, NULL, NULL));
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    g_assert_true(
        sm_lock_take(&(SmLedger){.lock_fd = fd}, SM_LOCK_ACCOUNTS + 3, 30, &waited, NULL));
    g_assert_cmpint(fixture_wait(pid), ==, -1);
}

static void
waits_for_its_holder(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = open_lock_file(fixture);
    gboolean waited = FALSE;
    pid_t pid = start_holder(fixture, 9, &end_of_holder);

    g_assert_true(sm_lock_take(&(SmLedger){.lock_fd = fd}, 9, 30, &waited, NULL));
    g_assert_true(waited);
    g_assert_cmpint(end_of_holder, ==, -1);
    g_assert_cmpint(fixture_wait(pid), ==, 0);
}

static void
shows_who_holds_a_byte_without_taking_it(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = open_lock_file(fixture);
    sm_autofd int other = open_lock_file(fixture);

    g_assert_false(sm_lock_is_held(&(SmLedger){.lock_fd = other}, 3));
    g_assert_true(sm_lock_take(&(SmLedger){.lock_fd = fd}, 3, 0, NULL, NULL));
    g_assert_true(sm_lock_is_held(&(SmLedger){.lock_fd = other}, 3));
    g_assert_false(sm_lock_is_held(&(SmLedger){.lock_fd = other}, 2));
    g_assert_false(sm_lock_is_held(&(SmLedger){.lock_fd = other}, 4));
    sm_lock_drop(&(SmLedger){.lock_fd = fd}, 3);
    g_assert_false(sm_lock_is_held(&(SmLedger){.lock_fd = other}, 3));
}

static void
assert_told(int fd, gint64 row, gint64 bytes, gint64 total)
{
    gint64 told[2];

    g_assert_cmpint(sm_lock_told(fd, row, &told[0], &told[1]), ==, bytes >= 0);
    g_assert_cmpint(told[0], ==, bytes);
    g_assert_cmpint(told[1], ==, total);
}

static void
tells_how_far_a_download_is(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = open_lock_file(fixture);
    sm_autofd int other = open_lock_file(fixture);
    const gint64 large = (gint64)50 << 30, last = ((gint64)1 << 25) - 2;

    assert_told(other, 5, -1, -1);
    sm_lock_tell(fd, 5, 0, large);
    assert_told(other, 5, 0, large);
    assert_told(other, 4, -1, -1);
    assert_told(other, 6, -1, -1);
    sm_lock_tell(fd, 5, large, large);
    sm_lock_tell(fd, 6, 7, -1);
    sm_lock_tell(fd, last, 1, 2);
    sm_lock_tell(fd, last + 1, 1, 2); /* there is no room for it */
    assert_told(other, 5, large, large);
    assert_told(other, 6, 7, -1);
    assert_told(other, last, 1, 2);
    sm_lock_tell(fd, 5, 1, 1000); /* it started over */
    assert_told(other, 5, 1, 1000);
    sm_lock_tell(fd, 5, 1, -1);
    assert_told(other, 5, 1, -1);
    sm_lock_tell(fd, 5, -1, 1000);
    assert_told(other, 5, -1, -1);
    sm_close(&fd); /* as with the end of its process */
    assert_told(other, 6, -1, -1);
    assert_told(other, last, -1, -1);
}

static void
is_not_told_by_a_program_that_locks_all(Fixture *fixture, gconstpointer data)
{
    sm_autofd int fd = open_lock_file(fixture);
    sm_autofd int other = open_lock_file(fixture);
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &all), ==, 0);
    assert_told(other, 5, -1, -1);
}

static void
says_that_a_descriptor_cannot_be_locked(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(sm_lock_take(&(SmLedger){.lock_fd = -1}, 1, 0, NULL, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, "lock file", "Bad file descriptor", NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/lock/excludes other processes", NULL, excludes_other_processes);
    ADD("/lock/excludes another opening in the same process", NULL,
        excludes_another_opening_in_the_same_process);
    ADD("/lock/dies with its holder", NULL, dies_with_its_holder);
    ADD("/lock/waits for its holder", NULL, waits_for_its_holder);
    ADD("/lock/shows who holds a byte without taking it", NULL,
        shows_who_holds_a_byte_without_taking_it);
    ADD("/lock/tells how far a download is", NULL, tells_how_far_a_download_is);
    ADD("/lock/is not told by a program that locks all", NULL,
        is_not_told_by_a_program_that_locks_all);
    ADD("/lock/says that a descriptor cannot be locked", NULL,
        says_that_a_descriptor_cannot_be_locked);
    return g_test_run();
}
