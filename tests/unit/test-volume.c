/* Which file system a directory lies on, as far as that can be told without mounting any. */
#include "fetch/store/volume.h"

#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch-fixture.h"

/* In place of libc's. */
static long type = 0xef53;
static int id[2];

int
fstatfs(int fd, struct statfs *fs)
{
    int result = (int)syscall(SYS_fstatfs, fd, fs);

    fs->f_type = type;
    memcpy(&fs->f_fsid, id, sizeof id);
    return result;
}

static void
assert_same(Fixture *fixture, const char *account, gboolean same)
{
    g_autoptr(GError) error = NULL;

    sm_volume_compare(fixture->ledger, account, fixture->store, &error);
    if (same) {
        g_assert_no_error(error);
    } else {
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_DIRECTORY);
        fixture_assert_says(error->message, fixture->account.directory, "mount it",
                            "scorefetch adopt-directory -a main", NULL);
    }
}

static void
remember(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    sm_volume_adopt(fixture->ledger, "main", fixture->store, &error);
    g_assert_no_error(error);
}

static void
set(long new_type, int high, int low)
{
    type = new_type;
    id[0] = high;
    id[1] = low;
}

static void
tells_one_file_system_from_another(Fixture *fixture, gconstpointer data)
{
    set(0xef53, 1, 2);
    assert_same(fixture, "main", TRUE); /* nothing is known yet */
    remember(fixture);
    assert_same(fixture, "main", TRUE);
    set(0x6969, 1, 2);
    assert_same(fixture, "main", FALSE);
    assert_same(fixture, "other", TRUE);
    set(0xef53, 1, 3);
    assert_same(fixture, "main", FALSE);
    set(0xef53, 0, 0); /* one that says nothing */
    assert_same(fixture, "main", TRUE);
    set(0x6969, 0, 0);
    remember(fixture);
    assert_same(fixture, "main", TRUE);
    set(0x6969, 4, 5); /* as a share mounted anew by another version of the kernel */
    assert_same(fixture, "main", TRUE);
}

static void
an_id_counts_in_its_own_boot_only(Fixture *fixture, gconstpointer data)
{
    set(0xef53, 1, 2);
    remember(fixture);
    fixture_sql(fixture, "UPDATE keys SET value = replace(value, substr(value, instr(value, '-') -"
                         " 8, 36), '00000000-0000-4000-8000-000000000000')"
                         " WHERE name = 'volume of main'");
    set(0xef53, 1, 3);
    assert_same(fixture, "main", TRUE);
    set(0x6969, 1, 3);
    assert_same(fixture, "main", FALSE);
}

static void
another_path_is_another_directory(Fixture *fixture, gconstpointer data)
{
    set(0xef53, 1, 2);
    remember(fixture);
    fixture_sql(fixture, "UPDATE keys SET value = value || '-elsewhere'"
                         " WHERE name = 'volume of main'");
    set(0x6969, 1, 3);
    assert_same(fixture, "main", TRUE);
}

static void
writes_only_what_is_new(Fixture *fixture, gconstpointer data)
{
    gint64 changes;

    set(0xef53, 1, 2);
    g_assert_true(sm_volume_check(fixture->ledger, "main", fixture->store, NULL));
    changes = fixture_number(fixture, "SELECT total_changes()");
    g_assert_true(sm_volume_check(fixture->ledger, "main", fixture->store, NULL));
    set(0x6969, 1, 2);
    g_assert_false(sm_volume_check(fixture->ledger, "main", fixture->store, NULL));
    set(0xef53, 1, 2);
    assert_same(fixture, "main", TRUE);
    g_assert_cmpint(fixture_number(fixture, "SELECT total_changes()"), ==, changes);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/volume/tells one file system from another", NULL, tells_one_file_system_from_another);
    ADD("/volume/an id counts in its own boot only", NULL, an_id_counts_in_its_own_boot_only);
    ADD("/volume/another path is another directory", NULL, another_path_is_another_directory);
    ADD("/volume/writes only what is new", NULL, writes_only_what_is_new);
    return g_test_run();
}
