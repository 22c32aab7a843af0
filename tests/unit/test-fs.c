/* File systems that lack what storing needs: what they refuse is done in another way, and nothing
 * of others is overwritten. */
#include "fetch/store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/store/store.h"

#define PART ".a.csv.7.part"
#define COPY ".a.csv.7.0.part"
#define KEPT SM_SUPERSEDED "/a.csv.~1~"

/* What libc's calls say here instead of doing it; 0: they do it. */
static struct {
    int renameat2, linkat, fsync;
    gboolean replaced;    /* somebody puts another file there right after the rename */
    gboolean taken;       /* an importer takes the file right after it */
    gboolean insensitive; /* names are looked up in lower case */
    gboolean never_replaces;
    guint looks; /* each tells another inode, if not 0 */
} refuses;

static int
say(int error)
{
    errno = error;
    return -1;
}

int
renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
    return refuses.renameat2 != 0 ? say(refuses.renameat2)
                                  : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (refuses.never_replaces && faccessat(to_fd, to, F_OK, 0) == 0)
        return say(EEXIST);
    if (syscall(SYS_renameat2, from_fd, from, to_fd, to, 0) < 0)
        return -1;
    if (refuses.replaced) {
        sm_autofd int fd = openat(to_fd, "theirs", O_CREAT | O_WRONLY, 0600);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(syscall(SYS_renameat2, to_fd, "theirs", to_fd, to, 0), ==, 0);
    }
    if (refuses.taken)
        g_assert_cmpint(unlinkat(to_fd, to, 0), ==, 0);
    return 0;
}

int
linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return refuses.linkat != 0 ? say(refuses.linkat)
                               : (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int
fsync(int fd)
{
    return refuses.fsync != 0 ? say(refuses.fsync) : (int)syscall(SYS_fsync, fd);
}

int
fstatat(int dir_fd, const char *name, struct stat *st, int flags)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    sm_autofd int fd =
        openat(dir_fd, refuses.insensitive ? lower : name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || fstat(fd, st) < 0)
        return -1;
    st->st_ino += refuses.looks > 0 ? refuses.looks++ : 0;
    return 0;
}

static const int lacking[] = {EPERM, EIO, ENOSYS, EINVAL, EOPNOTSUPP};
static const int failing[] = {ENOSPC, EDQUOT, EACCES, EROFS};

static gboolean
move(Fixture *fixture, SmFsWay *way)
{
    int dir = fixture->store->dir_fd;

    return sm_fs_move(dir, PART, dir, "a.csv", way);
}

static void
assert_there(Fixture *fixture, const char *name, const char *bytes)
{
    g_autofree char *found = fixture_get(fixture, name);

    g_assert_cmpstr(found, ==, bytes);
}

static void
moves(Fixture *fixture, SmFsWay expected)
{
    SmFsWay way;

    fixture_put(fixture, PART, "new");
    fixture_put(fixture, "a.csv", "theirs");
    g_assert_false(move(fixture, &way));
    g_assert_cmpint(errno, ==, EEXIST);
    g_assert_cmpint((int)way, ==, (int)expected);
    assert_there(fixture, "a.csv", "theirs");
    assert_there(fixture, PART, "new");
    g_assert_cmpint(unlinkat(fixture->store->dir_fd, "a.csv", 0), ==, 0);
    g_assert_true(move(fixture, NULL));
    assert_there(fixture, "a.csv", "new");
    assert_there(fixture, PART, NULL);
    g_assert_false(move(fixture, &way));
    g_assert_cmpint(unlinkat(fixture->store->dir_fd, "a.csv", 0), ==, 0);
    g_assert_false(move(fixture, &way));
    g_assert_cmpint(errno, ==, ENOENT);
}

static void
moves_in_the_way_that_is_left(Fixture *fixture, gconstpointer data)
{
    memset(&refuses, 0, sizeof refuses);
    moves(fixture, SM_FS_RENAMES);
    for (gsize i = 0; i < G_N_ELEMENTS(lacking); i++) {
        refuses.renameat2 = lacking[i];
        refuses.linkat = 0;
        moves(fixture, SM_FS_LINKS);
        refuses.linkat = lacking[i];
        moves(fixture, SM_FS_LOOKS);
        refuses.renameat2 = EINVAL;
        moves(fixture, SM_FS_LOOKS);
    }
}

static void
takes_a_failure_for_one(Fixture *fixture, gconstpointer data)
{
    memset(&refuses, 0, sizeof refuses);
    fixture_put(fixture, PART, "new");
    for (gsize i = 0; i < G_N_ELEMENTS(failing); i++) {
        refuses.renameat2 = failing[i];
        g_assert_false(move(fixture, NULL));
        g_assert_cmpint(errno, ==, failing[i]);
        refuses.renameat2 = EINVAL;
        refuses.linkat = failing[i];
        g_assert_false(move(fixture, NULL));
        g_assert_cmpint(errno, ==, failing[i]);
        assert_there(fixture, "a.csv", NULL);
    }
}

static void
sees_a_file_that_is_not_the_one_it_has_renamed(Fixture *fixture, gconstpointer data)
{
    memset(&refuses, 0, sizeof refuses);
    refuses.renameat2 = refuses.linkat = EPERM;
    refuses.replaced = TRUE;
    fixture_put(fixture, PART, "new");
    g_assert_false(move(fixture, NULL));
    g_assert_cmpint(errno, ==, EEXIST);
}

static void
knows_that_it_has_renamed_what_is_taken_at_once(Fixture *fixture, gconstpointer data)
{
    memset(&refuses, 0, sizeof refuses);
    refuses.renameat2 = refuses.linkat = EPERM;
    refuses.taken = TRUE;
    fixture_put(fixture, PART, "new");
    g_assert_true(move(fixture, NULL));
    assert_there(fixture, "a.csv", NULL);
}

static void
syncs_what_can_be_synced(Fixture *fixture, gconstpointer data)
{
    static const int passing[] = {EINVAL, ENOTSUP, EBADF, ENOSYS};

    memset(&refuses, 0, sizeof refuses);
    g_assert_true(sm_store_sync(fixture->store, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(passing); i++) {
        refuses.fsync = passing[i];
        g_assert_true(sm_store_sync(fixture->store, NULL));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(failing); i++) {
        refuses.fsync = failing[i];
        g_assert_false(sm_store_sync(fixture->store, NULL));
    }
    refuses.fsync = EIO;
    g_assert_false(sm_store_sync(fixture->store, NULL));
    refuses.fsync = 0;
}

static void
replace(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    sm_store_replace(fixture->store, PART, "a.csv", 1, &error);
    g_assert_no_error(error);
}

static void
assert_replaced(Fixture *fixture)
{
    g_autofree char *list = fixture_list(fixture);

    assert_there(fixture, "a.csv", "new");
    assert_there(fixture, KEPT, "old");
    assert_there(fixture, SM_SUPERSEDED "/a.csv.~2~", NULL);
    g_assert_cmpstr(list, ==, SM_SUPERSEDED " a.csv");
}

static void
keeps_the_older_version_as_a_copy(Fixture *fixture, gconstpointer data)
{
    int dir = fixture->store->dir_fd;
    struct stat st;

    for (gsize i = 0; i < G_N_ELEMENTS(lacking); i++) {
        memset(&refuses, 0, sizeof refuses);
        fixture_put(fixture, "a.csv", "old");
        g_assert_cmpint(fchmodat(dir, "a.csv", 0640, 0), ==, 0);
        fixture_put(fixture, PART, "new");
        refuses.linkat = lacking[i];
        refuses.renameat2 = i % 2 == 0 ? EINVAL : 0;
        replace(fixture);
        assert_replaced(fixture);
        if (fstatat(dir, KEPT, &st, 0) < 0)
            g_error("%s: %s", KEPT, g_strerror(errno));
        g_assert_cmpuint(st.st_mode & 07777, ==, 0640);
        g_assert_cmpint(unlinkat(dir, KEPT, 0), ==, 0);
    }
}

/* As some FUSE file systems do, after each rename. */
static void
keeps_a_copy_whose_inode_changes_with_its_name(Fixture *fixture, gconstpointer data)
{
    memset(&refuses, 0, sizeof refuses);
    refuses.renameat2 = refuses.linkat = EIO;
    refuses.looks = 1;
    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    replace(fixture);
    assert_replaced(fixture);
}

/* data: how far a process came before it was killed. */
static void
goes_on_with_a_copy(Fixture *fixture, gconstpointer data)
{
    int step = GPOINTER_TO_INT(data);

    memset(&refuses, 0, sizeof refuses);
    refuses.renameat2 = refuses.linkat = EPERM;
    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    g_assert_cmpint(mkdirat(fixture->store->dir_fd, SM_SUPERSEDED, 0700), ==, 0);
    if (step == 1)
        fixture_put(fixture, COPY, "ol");
    else
        fixture_put(fixture, KEPT, "old");
    replace(fixture);
    assert_replaced(fixture);
}

static void
replaces_where_a_rename_does_not(Fixture *fixture, gconstpointer data)
{
    memset(&refuses, 0, sizeof refuses);
    refuses.never_replaces = TRUE;
    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    replace(fixture);
    assert_replaced(fixture);
}

static void
tells_names_apart_by_their_case(Fixture *fixture, gconstpointer data)
{
    int dir = fixture->store->dir_fd;

    memset(&refuses, 0, sizeof refuses);
    fixture_put(fixture, "a.csv", "bytes");
    g_assert_true(sm_fs_is_spelled(dir, "a.csv"));
    refuses.insensitive = TRUE;
    g_assert_true(sm_fs_is_spelled(dir, "a.csv"));
    g_assert_false(sm_fs_is_spelled(dir, "A.csv"));
    refuses.insensitive = FALSE;
    fixture_put(fixture, "A.CSV", "another file");
    g_assert_true(sm_fs_is_spelled(dir, "a.csv"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/fs/moves in the way that is left", NULL, moves_in_the_way_that_is_left);
    ADD("/fs/takes a failure for one", NULL, takes_a_failure_for_one);
    ADD("/fs/sees a file that is not the one it has renamed", NULL,
        sees_a_file_that_is_not_the_one_it_has_renamed);
    ADD("/fs/knows that it has renamed what is taken at once", NULL,
        knows_that_it_has_renamed_what_is_taken_at_once);
    ADD("/fs/syncs what can be synced", NULL, syncs_what_can_be_synced);
    ADD("/fs/keeps the older version as a copy", NULL, keeps_the_older_version_as_a_copy);
    ADD("/fs/keeps a copy whose inode changes with its name", NULL,
        keeps_a_copy_whose_inode_changes_with_its_name);
    ADD("/fs/goes on with half a copy", GINT_TO_POINTER(1), goes_on_with_a_copy);
    ADD("/fs/goes on with a whole copy", GINT_TO_POINTER(2), goes_on_with_a_copy);
    ADD("/fs/replaces where a rename does not", NULL, replaces_where_a_rename_does_not);
    ADD("/fs/tells names apart by their case", NULL, tells_names_apart_by_their_case);
    return g_test_run();
}
