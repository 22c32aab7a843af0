/* What a process may do that has closed itself in but for some places. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/landlock.h"

typedef struct {
    char *folder, *own, *below, *other, *known;
} Fixture;

static char *
make(const char *folder, const char *name, gboolean is_folder)
{
    char *path = g_build_filename(folder, name, NULL);

    if (is_folder)
        g_assert_cmpint(mkdir(path, 0700), ==, 0);
    else
        g_assert_true(g_file_set_contents(path, "a", 1, NULL));
    return path;
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("scoremail-landlock-XXXXXX", NULL);
    fixture->own = make(fixture->folder, "own", TRUE);
    fixture->below = make(fixture->own, "below", TRUE);
    fixture->other = make(fixture->folder, "other", FALSE);
    fixture->known = make(fixture->folder, "known", FALSE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    const char *argv[] = {"rm", "-rf", fixture->folder, NULL};

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
    g_free(fixture->folder);
    g_free(fixture->own);
    g_free(fixture->below);
    g_free(fixture->other);
    g_free(fixture->known);
}

static gboolean
can_open(const char *path, int how)
{
    int fd = open(path, how | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The first thing that is not as it should be, as an exit code. */
static int
try_all(const Fixture *fixture)
{
    const SmLandlockPlace places[] = {
        {fixture->own, SM_LANDLOCK_WRITE},
        {fixture->known, SM_LANDLOCK_READ},
        {"/nowhere at all", SM_LANDLOCK_WRITE},
        {NULL, SM_LANDLOCK_WRITE},
    };
    g_autofree char *made = g_build_filename(fixture->own, "made", NULL);
    g_autofree char *moved = g_build_filename(fixture->below, "moved", NULL);
    g_autofree char *linked = g_build_filename(fixture->own, "linked", NULL);
    g_autofree char *outside = g_build_filename(fixture->folder, "made", NULL);
    int open_before = open(fixture->other, O_RDONLY | O_CLOEXEC);
    char byte;

    if (!sm_landlock_enter_with(sm_landlock_abi(), places, G_N_ELEMENTS(places)))
        return 1;
    if (!can_open(made, O_WRONLY | O_CREAT) || !can_open(made, O_RDWR | O_TRUNC))
        return 2;
    if (rename(made, moved) < 0 || link(moved, linked) < 0 || unlink(linked) < 0)
        return 3;
    if (!can_open(fixture->known, O_RDONLY) || can_open(fixture->known, O_WRONLY))
        return 4;
    if (can_open(fixture->other, O_RDONLY) || can_open(outside, O_WRONLY | O_CREAT))
        return 5;
    if (rename(moved, outside) == 0 || unlink(fixture->other) == 0)
        return 6;
    if (read(open_before, &byte, 1) != 1) /* what is open stays open */
        return 7;
    execl("/bin/false", "false", NULL); /* not let */
    return 0;
}

static void
only_the_places_are_let(Fixture *fixture, gconstpointer data)
{
    int status;
    pid_t pid;

    if (sm_landlock_abi() < SM_LANDLOCK_RENAMES) {
        g_test_skip("the kernel has no landlock, or an old one");
        return;
    }
    pid = fork();
    if (pid == 0)
        _exit(try_all(fixture));
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void
an_abi_that_the_kernel_lacks_is_refused(Fixture *fixture, gconstpointer data)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(sm_landlock_enter_with(0, NULL, 0) ? 1 : 0); /* it would deny nothing */
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/landlock/only the places are let", Fixture, NULL, set_up, only_the_places_are_let,
               tear_down);
    g_test_add("/landlock/an ABI that the kernel lacks is refused", Fixture, NULL, set_up,
               an_abi_that_the_kernel_lacks_is_refused, tear_down);
    return g_test_run();
}
