/* The destination: nothing of others is overwritten, links are not followed, every step may be
 * repeated. */
#include "fetch/store/store.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch-fixture.h"

enum { NOBODY = 65534 };

#define PART ".a.csv.1.part"

/* In place of libc's, to stand for other file systems and to see what is synced. */
static gboolean old_file_system;
static guint syncs;

int
renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
    if (old_file_system) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int
fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

static void
assert_there(Fixture *fixture, const char *name, const char *bytes)
{
    g_autofree char *found = fixture_get(fixture, name);

    g_assert_cmpstr(found, ==, bytes);
}

static SmPlacing
place(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    SmPlacing placing = sm_store_place(fixture->store, PART, "a.csv", &error);

    g_assert_no_error(error);
    return placing;
}

static SmMatch
match(Fixture *fixture, const char *bytes)
{
    g_autofree char *sha256 = fixture_sha256(bytes);
    g_autoptr(GError) error = NULL;
    SmMatch found = sm_store_match(fixture->store, "a.csv", (gint64)strlen(bytes), sha256, &error);

    g_assert_no_error(error);
    return found;
}

static void
replace(Fixture *fixture, gint64 number)
{
    g_autoptr(GError) error = NULL;

    sm_store_replace(fixture->store, PART, "a.csv", number, &error);
    g_assert_no_error(error);
}

static void
gives_the_part_its_name(Fixture *fixture, gconstpointer data)
{
    g_autofree char *list = NULL;

    fixture_put(fixture, PART, "new");
    g_assert_cmpint((int)place(fixture), ==, (int)SM_PLACED);
    list = fixture_list(fixture);
    g_assert_cmpstr(list, ==, "a.csv");
    assert_there(fixture, "a.csv", "new");
}

static void
does_without_a_rename_that_never_replaces(Fixture *fixture, gconstpointer data)
{
    g_autofree char *list = NULL;

    old_file_system = TRUE;
    fixture_put(fixture, PART, "new");
    fixture_put(fixture, "a.csv", "theirs");
    g_assert_cmpint((int)place(fixture), ==, (int)SM_PLACE_TAKEN);
    assert_there(fixture, "a.csv", "theirs");
    assert_there(fixture, PART, "new");
    g_assert_cmpint(unlinkat(fixture->store->dir_fd, "a.csv", 0), ==, 0);
    g_assert_cmpint((int)place(fixture), ==, (int)SM_PLACED);
    g_assert_cmpint((int)place(fixture), ==, (int)SM_PLACE_NO_PART);
    old_file_system = FALSE;
    list = fixture_list(fixture);
    g_assert_cmpstr(list, ==, "a.csv");
    assert_there(fixture, "a.csv", "new");
}

static void
leaves_a_taken_name_alone(Fixture *fixture, gconstpointer data)
{
    fixture_put(fixture, PART, "new");
    fixture_put(fixture, "a.csv", "theirs");
    g_assert_cmpint((int)place(fixture), ==, (int)SM_PLACE_TAKEN);
    assert_there(fixture, "a.csv", "theirs");
    assert_there(fixture, PART, "new");
}

static void
leaves_a_dangling_link_alone(Fixture *fixture, gconstpointer data)
{
    fixture_put(fixture, PART, "new");
    g_assert_cmpint(symlinkat("/nowhere", fixture->store->dir_fd, "a.csv"), ==, 0);
    g_assert_cmpint((int)place(fixture), ==, (int)SM_PLACE_TAKEN);
    g_assert_cmpint((int)match(fixture, "new"), ==, (int)SM_MATCH_OTHER);
    assert_there(fixture, PART, "new");
}

static void
misses_a_part_that_is_not_there(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint((int)place(fixture), ==, (int)SM_PLACE_NO_PART);
    fixture_put(fixture, "a.csv", "theirs");
    g_assert_cmpint((int)place(fixture), !=, (int)SM_PLACED);
    assert_there(fixture, "a.csv", "theirs");
}

static void
tells_same_from_other(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint((int)match(fixture, "bytes"), ==, (int)SM_MATCH_ABSENT);
    fixture_put(fixture, "a.csv", "bytes");
    syncs = 0;
    g_assert_cmpint((int)match(fixture, "bytes"), ==, (int)SM_MATCH_SAME);
    g_assert_cmpuint(syncs, ==, 1); /* whoever wrote it: the ledger may say stored now */
    g_assert_cmpint((int)match(fixture, "BYTES"), ==, (int)SM_MATCH_OTHER);
    g_assert_cmpint((int)match(fixture, "more bytes"), ==, (int)SM_MATCH_OTHER);
}

static void
takes_no_folder_and_no_link_for_a_file(Fixture *fixture, gconstpointer data)
{
    int dir = fixture->store->dir_fd;

    fixture_put(fixture, "target", "bytes");
    g_assert_cmpint(symlinkat("target", dir, "a.csv"), ==, 0);
    g_assert_cmpint((int)match(fixture, "bytes"), ==, (int)SM_MATCH_OTHER);
    g_assert_cmpint(unlinkat(dir, "a.csv", 0), ==, 0);
    g_assert_cmpint(mkdirat(dir, "a.csv", 0700), ==, 0);
    g_assert_cmpint((int)match(fixture, "bytes"), ==, (int)SM_MATCH_OTHER);
    g_assert_cmpint(unlinkat(dir, "a.csv", AT_REMOVEDIR), ==, 0);
    g_assert_cmpint(mkfifoat(dir, "a.csv", 0600), ==, 0);
    g_assert_cmpint((int)match(fixture, ""), ==, (int)SM_MATCH_OTHER);
}

static void
takes_a_file_that_it_may_not_read_for_another(Fixture *fixture, gconstpointer data)
{
    if (geteuid() != 0) {
        g_test_skip("only root can be another user");
        return;
    }
    fixture_put(fixture, "a.csv", "bytes");
    g_assert_cmpint(g_chmod(fixture->account.directory, 0755), ==, 0);
    g_assert_cmpint(seteuid(NOBODY), ==, 0);
    g_assert_cmpint((int)match(fixture, "bytes"), ==, (int)SM_MATCH_OTHER);
    g_assert_cmpint(seteuid(0), ==, 0);
}

static void
measures_a_plain_file_only(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected = fixture_sha256("bytes");
    g_autofree char *sha256 = NULL;
    g_autofree char *none = NULL;
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) folder = NULL;
    gint64 size;

    fixture_put(fixture, "a.csv", "bytes");
    syncs = 0;
    g_assert_true(sm_store_measure(fixture->store, "a.csv", &size, &sha256, NULL));
    g_assert_cmpuint(syncs, ==, 1);
    g_assert_cmpint(size, ==, 5);
    g_assert_cmpstr(sha256, ==, expected);
    g_assert_false(sm_store_measure(fixture->store, "b.csv", &size, &none, &missing));
    g_assert_error(missing, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    fixture_assert_says(missing->message, fixture->account.directory, "b.csv", "No such file",
                        NULL);
    g_assert_cmpint(mkdirat(fixture->store->dir_fd, "c.csv", 0700), ==, 0);
    g_assert_false(sm_store_measure(fixture->store, "c.csv", &size, &none, &folder));
    g_assert_error(folder, SM_ERROR, (int)SM_ERROR_DIRECTORY);
}

static void
keeps_the_older_version(Fixture *fixture, gconstpointer data)
{
    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    replace(fixture, 1);
    assert_there(fixture, "a.csv", "new");
    assert_there(fixture, ".superseded/a.csv.~1~", "old");
    assert_there(fixture, PART, NULL);
}

static void
keeps_two_older_versions(Fixture *fixture, gconstpointer data)
{
    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "newer");
    replace(fixture, 1);
    fixture_put(fixture, PART, "newest");
    replace(fixture, 2);
    assert_there(fixture, "a.csv", "newest");
    assert_there(fixture, ".superseded/a.csv.~1~", "old");
    assert_there(fixture, ".superseded/a.csv.~2~", "newer");
}

static void
never_overwrites_a_kept_version(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(mkdirat(fixture->store->dir_fd, SM_SUPERSEDED, 0700), ==, 0);
    fixture_put(fixture, ".superseded/a.csv.~1~", "of a former ledger");
    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    replace(fixture, 1);
    assert_there(fixture, ".superseded/a.csv.~1~", "of a former ledger");
    assert_there(fixture, ".superseded/a.csv.~2~", "old");
    assert_there(fixture, "a.csv", "new");
}

/* A crash after the folder was made, and one after the older version was linked. */
static void
goes_on_with_replacing_after(Fixture *fixture, gconstpointer data)
{
    gboolean linked = GPOINTER_TO_INT(data);
    int dir = fixture->store->dir_fd;
    g_autofree char *kept = NULL;

    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    g_assert_cmpint(mkdirat(dir, SM_SUPERSEDED, 0700), ==, 0);
    if (linked)
        g_assert_cmpint(linkat(dir, "a.csv", dir, ".superseded/a.csv.~1~", 0), ==, 0);
    replace(fixture, 1);
    assert_there(fixture, "a.csv", "new");
    assert_there(fixture, ".superseded/a.csv.~1~", "old");
    kept = fixture_get(fixture, ".superseded/a.csv.~2~");
    g_assert_null(kept);
}

static void
does_not_replace_without_a_part(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture_put(fixture, "a.csv", "old");
    g_assert_false(sm_store_replace(fixture->store, PART, "a.csv", 1, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    assert_there(fixture, "a.csv", "old");
}

static void
follows_no_link_to_a_folder_of_older_versions(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    g_assert_cmpint(symlinkat(fixture->folder, fixture->store->dir_fd, SM_SUPERSEDED), ==, 0);
    g_assert_false(sm_store_replace(fixture->store, PART, "a.csv", 1, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    fixture_assert_says(error->message, SM_SUPERSEDED, NULL);
    assert_there(fixture, "a.csv", "old");
}

static void
finds_an_older_version_by_its_bytes(Fixture *fixture, gconstpointer data)
{
    g_autofree char *old = fixture_sha256("old");
    g_autofree char *none = sm_store_find_older(fixture->store, "a.csv", 1, 3, old);
    g_autofree char *found = NULL;
    g_autofree char *later = NULL;

    g_assert_null(none);
    g_assert_cmpint(mkdirat(fixture->store->dir_fd, SM_SUPERSEDED, 0700), ==, 0);
    fixture_put(fixture, SM_SUPERSEDED "/a.csv.~1~", "somebody else's");
    fixture_put(fixture, "a.csv", "old");
    fixture_put(fixture, PART, "new");
    g_assert_true(sm_store_replace(fixture->store, PART, "a.csv", 1, NULL));
    found = sm_store_find_older(fixture->store, "a.csv", 1, 3, old);
    g_assert_cmpstr(found, ==, SM_SUPERSEDED "/a.csv.~2~");
    later = sm_store_find_older(fixture->store, "a.csv", 3, 3, old);
    g_assert_null(later);
}

static void
opens_the_folder_of_older_versions_if_it_is_one(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(sm_store_open_superseded(fixture->store, &error));
    g_assert_no_error(error);
    g_assert_cmpint(symlinkat(fixture->folder, fixture->store->dir_fd, SM_SUPERSEDED), ==, 0);
    g_assert_null(sm_store_open_superseded(fixture->store, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
}

static void
an_identity_is_one_file_s_in_one_state(Fixture *fixture, gconstpointer data)
{
    g_autofree char *none = sm_store_identity(fixture->store, "a.csv");
    g_autofree char *first = NULL;
    g_autofree char *again = NULL;
    g_autofree char *longer = NULL;
    g_autofree char *another = NULL;

    g_assert_null(none);
    fixture_put(fixture, "a.csv", "one");
    first = sm_store_identity(fixture->store, "a.csv");
    again = sm_store_identity(fixture->store, "a.csv");
    g_assert_cmpstr(first, ==, again);
    fixture_put(fixture, "a.csv", "longer");
    longer = sm_store_identity(fixture->store, "a.csv");
    g_assert_cmpstr(longer, !=, first);
    fixture_put(fixture, "b.csv", "longer");
    g_assert_cmpint(renameat(fixture->store->dir_fd, "b.csv", fixture->store->dir_fd, "a.csv"), ==,
                    0);
    another = sm_store_identity(fixture->store, "a.csv");
    g_assert_cmpstr(another, !=, longer);
}

static void
removes_what_may_not_be_there(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture_put(fixture, PART, "x");
    g_assert_true(sm_store_remove(fixture->store, PART, &error));
    g_assert_false(sm_store_exists(fixture->store, PART));
    g_assert_true(sm_store_remove(fixture->store, PART, &error));
    g_assert_cmpint(mkdirat(fixture->store->dir_fd, PART, 0700), ==, 0);
    g_assert_false(sm_store_remove(fixture->store, PART, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
    fixture_assert_says(error->message, PART, "cannot be removed", NULL);
}

static void
a_missing_directory_is_not_made(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    SmAccount account = fixture->account;
    g_autofree char *missing = g_build_filename(fixture->folder, "share", NULL);

    account.directory = missing;
    g_assert_null(sm_store_open(&account, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_VOLUME);
    fixture_assert_says(error->message, "account main", missing, "mounted", NULL);
    g_assert_false(g_file_test(missing, G_FILE_TEST_EXISTS));
}

static void
syncs_its_directory(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(sm_store_sync(fixture->store, &error));
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/store/gives the part its name", NULL, gives_the_part_its_name);
    ADD("/store/does without a rename that never replaces", NULL,
        does_without_a_rename_that_never_replaces);
    ADD("/store/leaves a taken name alone", NULL, leaves_a_taken_name_alone);
    ADD("/store/leaves a dangling link alone", NULL, leaves_a_dangling_link_alone);
    ADD("/store/misses a part that is not there", NULL, misses_a_part_that_is_not_there);
    ADD("/store/tells same from other", NULL, tells_same_from_other);
    ADD("/store/takes no folder and no link for a file", NULL,
        takes_no_folder_and_no_link_for_a_file);
    ADD("/store/takes a file that it may not read for another", NULL,
        takes_a_file_that_it_may_not_read_for_another);
    ADD("/store/measures a plain file only", NULL, measures_a_plain_file_only);
    ADD("/store/keeps the older version", NULL, keeps_the_older_version);
    ADD("/store/keeps two older versions", NULL, keeps_two_older_versions);
    ADD("/store/never overwrites a kept version", NULL, never_overwrites_a_kept_version);
    ADD("/store/goes on with replacing after the folder was made", GINT_TO_POINTER(FALSE),
        goes_on_with_replacing_after);
    ADD("/store/goes on with replacing after the older version was linked", GINT_TO_POINTER(TRUE),
        goes_on_with_replacing_after);
    ADD("/store/does not replace without a part", NULL, does_not_replace_without_a_part);
    ADD("/store/finds an older version by its bytes", NULL, finds_an_older_version_by_its_bytes);
    ADD("/store/opens the folder of older versions if it is one", NULL,
        opens_the_folder_of_older_versions_if_it_is_one);
    ADD("/store/follows no link to a folder of older versions", NULL,
        follows_no_link_to_a_folder_of_older_versions);
    ADD("/store/an identity is one file's in one state", NULL,
        an_identity_is_one_file_s_in_one_state);
    ADD("/store/removes what may not be there", NULL, removes_what_may_not_be_there);
    ADD("/store/a missing directory is not made", NULL, a_missing_directory_is_not_made);
    ADD("/store/syncs its directory", NULL, syncs_its_directory);
    return g_test_run();
}
