/* The spool: what is put there is whole, there once, and never over another's file. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/event/spool.h"

/* libc's, here of a file system that may lack links. */
static gboolean lacks_links;

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    if (!lacks_links)
        return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
    errno = EPERM;
    return -1;
}

typedef struct {
    char *folder;
    char *spool;
    SmEvent *event;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    umask(077); /* as sm_startup() has it */
    fixture->folder = g_dir_make_tmp("scoremail-spool-XXXXXX", NULL);
    fixture->spool = g_build_filename(fixture->folder, "state", "spool", NULL);
    fixture->event = sm_event_new(SM_EVENT_NAMES);
    g_strfreev(fixture->event->names);
    fixture->event->names = g_strsplit("a.csv", ",", -1);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    const char *argv[] = {"rm", "-rf", fixture->folder, NULL};

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
    g_free(fixture->folder);
    g_free(fixture->spool);
    sm_event_free(fixture->event);
}

/* The names in the spool, hidden ones too, each followed by a blank. Caller frees. */
static char *
listing(const Fixture *fixture)
{
    GString *names = g_string_new(NULL);
    g_autoptr(GDir) dir = g_dir_open(fixture->spool, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        g_string_append_printf(names, "%s ", name);
    return g_string_free(names, FALSE);
}

static char *
only_file(const Fixture *fixture)
{
    g_autofree char *names = listing(fixture);

    g_assert_true(g_str_has_suffix(names, SM_SPOOL_SUFFIX " "));
    g_strchomp(names);
    g_assert_null(strchr(names, ' '));
    return g_build_filename(fixture->spool, names, NULL);
}

static void
an_event_is_there_whole(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmEvent) found = NULL;
    g_autofree char *path = NULL;
    g_autofree char *bytes = NULL;
    struct stat about;
    gsize size;

    g_assert_true(sm_spool_put(fixture->spool, fixture->event, &error));
    g_assert_no_error(error);
    path = only_file(fixture);
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    found = sm_event_decode(bytes, size, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found->names[0], ==, "a.csv");
    g_assert_cmpint(stat(path, &about), ==, 0);
    g_assert_cmpuint(about.st_mode & 0777, ==, 0640); /* the worker reads it by the group */
}

static void
the_same_event_again_is_one_file(Fixture *fixture, gconstpointer data)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    g_assert_true(sm_spool_put(fixture->spool, fixture->event, NULL));
    before = only_file(fixture);
    g_assert_true(sm_spool_put(fixture->spool, fixture->event, NULL));
    after = only_file(fixture);
    g_assert_cmpstr(before, ==, after);
}

/* As one is after kill -9; in a container the next process may well have its number. */
static void
what_a_dead_process_left_is_in_nobody_s_way(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = NULL;
    g_autofree char *left = NULL;

    g_assert_true(sm_spool_put(fixture->spool, fixture->event, NULL));
    path = only_file(fixture);
    g_assert_cmpint(unlink(path), ==, 0);
    left = g_strdup_printf("%s/.%s.%d.tmp", fixture->spool, strrchr(path, '/') + 1, (int)getpid());
    g_assert_true(g_file_set_contents(left, "half", -1, NULL));
    g_assert_true(sm_spool_put(fixture->spool, fixture->event, NULL));
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_cmpint(unlink(left), ==, 0);
}

static void
a_file_system_without_links_will_do(Fixture *fixture, gconstpointer data)
{
    lacks_links = TRUE;
    an_event_is_there_whole(fixture, data);
    the_same_event_again_is_one_file(fixture, data);
    lacks_links = FALSE;
}

static void
another_event_is_another_file(Fixture *fixture, gconstpointer data)
{
    g_autofree char *names = NULL;

    g_assert_true(sm_spool_put(fixture->spool, fixture->event, NULL));
    fixture->event->received = 1;
    g_assert_true(sm_spool_put(fixture->spool, fixture->event, NULL));
    names = listing(fixture);
    g_assert_nonnull(strchr(strchr(names, ' ') + 1, ' '));
}

/* Whoever may write to the spool can take a name: the message must stay with the mail system then.
 */
static void
a_name_that_another_user_has_taken_is_no_success(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *bytes = NULL;

    if (geteuid() != 0) {
        g_test_skip("only root can make another user's file");
        return;
    }
    g_assert_true(sm_spool_put(fixture->spool, fixture->event, NULL));
    path = only_file(fixture);
    g_assert_true(g_file_set_contents(path, "another's", -1, NULL));
    g_assert_cmpint(chown(path, 1234, 1234), ==, 0);
    g_assert_false(sm_spool_put(fixture->spool, fixture->event, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_IO);
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    g_assert_cmpstr(bytes, ==, "another's");
}

static void
a_spool_that_cannot_be_is_named(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(fixture->folder, "file", NULL);
    g_autofree char *below = g_build_filename(file, "spool", NULL);

    g_assert_true(g_file_set_contents(file, "", -1, NULL));
    g_assert_false(sm_spool_put(below, fixture->event, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_IO);
    g_assert_nonnull(strstr(error->message, below));
}

static void
beat(const Fixture *fixture)
{
    sm_autofd int spool = sm_spool_open(fixture->spool, NULL);

    g_assert_true(sm_spool_beat(spool, "", NULL));
}

static void
a_spool_that_is_missing_says_who_makes_it(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(sm_spool_put("/proc/nowhere/spool", fixture->event, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_IO);
    g_assert_nonnull(strstr(error->message, "systemd-tmpfiles --create"));
}

static void
a_worker_lives_for_two_intervals(Fixture *fixture, gconstpointer data)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    g_assert_cmpint(sm_spool_last_beat(fixture->spool), ==, 0);
    g_assert_false(sm_spool_is_worked(fixture->spool, 300, now));
    beat(fixture);
    g_assert_true(sm_spool_is_worked(fixture->spool, 300, now));
    g_assert_true(sm_spool_is_worked(fixture->spool, 300, now + 599));
    g_assert_false(sm_spool_is_worked(fixture->spool, 300, now + 610));
    g_assert_true(sm_spool_is_worked(fixture->spool, 300, now - 590)); /* a clock stepped back */
    g_assert_false(sm_spool_is_worked(fixture->spool, 300, now - 86400));
}

/* Whatever the heartbeat says: unless the worker has looked at it, and had to leave it. */
static void
an_event_that_nobody_takes(Fixture *fixture, gconstpointer data)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    sm_autofd int spool = sm_spool_open(fixture->spool, NULL);
    g_autofree char *path = g_build_filename(fixture->spool, "0-ab.event", NULL);

    beat(fixture);
    g_assert_true(g_file_set_contents(path, "x", -1, NULL));
    g_assert_cmpint(
        utimensat(AT_FDCWD, path, (struct timespec[]){{now - 601, 0}, {now - 601, 0}}, 0), ==, 0);
    g_assert_cmpint(sm_spool_untaken(fixture->spool, 300, now), ==, now - 601);
    g_assert_cmpint(sm_spool_untaken(fixture->spool, 300, now - 2), ==, 0);
    g_assert_false(sm_spool_is_worked(fixture->spool, 300, now));
    g_assert_true(sm_spool_beat(spool, "0-ab.event\n0-old.event\n", NULL));
    g_assert_true(sm_spool_is_worked(fixture->spool, 300, now));
    g_assert_true(sm_spool_beat(spool, NULL, NULL)); /* it has only come so far */
    g_assert_true(sm_spool_is_worked(fixture->spool, 300, now));
    g_assert_true(sm_spool_beat(spool, "", NULL));
    g_assert_false(sm_spool_is_worked(fixture->spool, 300, now));
}

static void
a_heartbeat_that_beats_again_is_new(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->spool, SM_SPOOL_HEARTBEAT, NULL);
    const struct utimbuf old = {1000, 1000};

    beat(fixture);
    g_assert_cmpint(utime(path, &old), ==, 0);
    g_assert_cmpint(sm_spool_last_beat(fixture->spool), ==, 1000);
    beat(fixture);
    g_assert_cmpint(sm_spool_last_beat(fixture->spool), >, 1000);
}

static void
another_user_cannot_beat_for_the_worker(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->spool, SM_SPOOL_HEARTBEAT, NULL);

    if (geteuid() != 0) {
        g_test_skip("only root can make another user's file");
        return;
    }
    beat(fixture);
    g_assert_cmpint(chown(path, 1234, 1234), ==, 0);
    g_assert_cmpint(sm_spool_last_beat(fixture->spool), ==, 0);
}

#define ADD(path, body) g_test_add(path, Fixture, NULL, set_up, body, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/spool/an event is there whole", an_event_is_there_whole);
    ADD("/spool/the same event again is one file", the_same_event_again_is_one_file);
    ADD("/spool/what a dead process left is in nobody's way",
        what_a_dead_process_left_is_in_nobody_s_way);
    ADD("/spool/a file system without links will do", a_file_system_without_links_will_do);
    ADD("/spool/another event is another file", another_event_is_another_file);
    ADD("/spool/a name that another user has taken is no success",
        a_name_that_another_user_has_taken_is_no_success);
    ADD("/spool/a spool that cannot be is named", a_spool_that_cannot_be_is_named);
    ADD("/spool/a spool that is missing says who makes it",
        a_spool_that_is_missing_says_who_makes_it);
    ADD("/spool/a worker lives for two intervals", a_worker_lives_for_two_intervals);
    ADD("/spool/an event that nobody takes", an_event_that_nobody_takes);
    ADD("/spool/a heartbeat that beats again is new", a_heartbeat_that_beats_again_is_new);
    ADD("/spool/another user cannot beat for the worker", another_user_cannot_beat_for_the_worker);
    return g_test_run();
}
