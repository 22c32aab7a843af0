/* Which directory is which, as far as that can be told without mounting any. */
#include "fetch/store/volume.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gstdio.h>

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
assert_same(Fixture *fixture, const char *name, gboolean same)
{
    SmAccount account = fixture->account;
    g_autoptr(GError) error = NULL;

    account.name = (char *)name;
    sm_volume_compare(fixture->ledger, &account, fixture->store, &error);
    if (same) {
        g_assert_no_error(error);
    } else {
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_VOLUME);
        fixture_assert_says(error->message, fixture->account.directory, "mount it",
                            "scorefetch adopt-directory -a main", NULL);
    }
}

static void
remember(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    sm_volume_adopt(fixture->ledger, &fixture->account, fixture->store, &error);
    g_assert_no_error(error);
}

static gboolean
check(Fixture *fixture)
{
    return sm_volume_check(fixture->ledger, &fixture->account, fixture->store, NULL);
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
    g_assert_true(check(fixture));
    changes = fixture_number(fixture, "SELECT total_changes()");
    g_assert_true(check(fixture));
    set(0x6969, 1, 2);
    g_assert_false(check(fixture));
    set(0xef53, 1, 2);
    assert_same(fixture, "main", TRUE);
    g_assert_cmpint(fixture_number(fixture, "SELECT total_changes()"), ==, changes);
}

/* The directory's id, without its line's end; NULL: it has none. */
static char *
id_there(Fixture *fixture)
{
    g_autofree char *file = g_build_filename(fixture->account.directory, SM_DIRECTORY_ID, NULL);
    char *text = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL))
        return NULL;
    g_assert_true(g_str_has_suffix(text, "\n"));
    g_assert_true(g_uuid_string_is_valid(g_strchomp(text)));
    return text;
}

static void
set_id_there(Fixture *fixture, const char *text)
{
    g_autofree char *file = g_build_filename(fixture->account.directory, SM_DIRECTORY_ID, NULL);

    g_remove(file);
    g_assert_true(text == NULL || g_file_set_contents(file, text, -1, NULL));
}

static void
assert_known(Fixture *fixture, const char *wanted)
{
    g_autofree char *known =
        fixture_texts(fixture, "SELECT value FROM keys WHERE name = 'id of main'");

    g_assert_cmpstr(known, ==, wanted != NULL ? wanted : "");
}

static void
gives_a_directory_its_id(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->account.directory, SM_DIRECTORY_ID, NULL);
    g_autofree char *given = NULL;
    g_autofree char *later = NULL;
    gint64 changes;
    GStatBuf about;

    set(0xef53, 1, 2);
    fixture->account.directory_id = TRUE;
    assert_same(fixture, "main", TRUE); /* a look gives none */
    g_assert_null(id_there(fixture));
    g_assert_true(check(fixture));
    given = id_there(fixture);
    assert_known(fixture, given);
    g_assert_cmpint(g_stat(file, &about), ==, 0);
    g_assert_cmpint(about.st_mode, ==, S_IFREG | 0644);
    changes = fixture_number(fixture, "SELECT total_changes()");
    set(0x6969, 3, 4); /* as another host, or another way to mount it */
    g_assert_true(check(fixture));
    g_assert_cmpint(fixture_number(fixture, "SELECT total_changes()"), ==, changes);
    later = id_there(fixture);
    g_assert_cmpstr(later, ==, given);
}

static void
refuses_a_directory_without_its_id(Fixture *fixture, gconstpointer data)
{
    static const char *const others[] = {"9cb6cbe8-27a6-4e0c-a3ae-1f6b2ad7d0c1\n", "", "\n",
                                         "no id", NULL};
    g_autofree char *given = NULL;

    set(0xef53, 1, 2);
    fixture->account.directory_id = TRUE;
    g_assert_true(check(fixture));
    given = id_there(fixture);
    set_id_there(fixture, NULL);
    assert_same(fixture, "main", FALSE);
    g_assert_false(check(fixture));
    g_assert_null(id_there(fixture)); /* none is made */
    for (const char *const *other = others; *other != NULL; other++) {
        set_id_there(fixture, *other);
        g_assert_false(check(fixture));
    }
    assert_known(fixture, given);
    set_id_there(fixture, given);
    g_assert_true(check(fixture));
    fixture->account.directory_id = FALSE;
    set_id_there(fixture, NULL);
    g_assert_true(check(fixture));
}

static void
what_is_no_plain_file_is_no_id(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->account.directory, SM_DIRECTORY_ID, NULL);
    g_autofree char *elsewhere = g_build_filename(fixture->folder, "elsewhere", NULL);

    set(0xef53, 1, 2);
    fixture->account.directory_id = TRUE;
    g_assert_true(
        g_file_set_contents(elsewhere, "9cb6cbe8-27a6-4e0c-a3ae-1f6b2ad7d0c1\n", -1, NULL));
    g_assert_cmpint(symlink(elsewhere, file), ==, 0);
    g_assert_false(check(fixture));
    g_remove(file);
    g_assert_cmpint(mkfifo(file, 0600), ==, 0);
    g_assert_false(check(fixture));
    g_remove(file);
    g_assert_cmpint(g_mkdir(file, 0700), ==, 0);
    g_assert_false(check(fixture));
    assert_known(fixture, NULL);
}

static void
learns_an_id_that_is_there(Fixture *fixture, gconstpointer data)
{
    static const char there[] = "9cb6cbe8-27a6-4e0c-a3ae-1f6b2ad7d0c1";

    set(0xef53, 1, 2);
    fixture->account.directory_id = TRUE;
    set_id_there(fixture, there);
    g_assert_true(check(fixture));
    assert_known(fixture, there);
}

static void
gives_no_id_where_the_place_is_another(Fixture *fixture, gconstpointer data)
{
    set(0xef53, 1, 2);
    g_assert_true(check(fixture));
    fixture->account.directory_id = TRUE;
    set(0x6969, 1, 2);
    g_assert_false(check(fixture));
    g_assert_null(id_there(fixture));
    set(0xef53, 1, 2);
    g_assert_true(check(fixture));
}

static void
a_person_starts_anew(Fixture *fixture, gconstpointer data)
{
    static const char other[] = "9cb6cbe8-27a6-4e0c-a3ae-1f6b2ad7d0c1";
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    set(0xef53, 1, 2);
    fixture->account.directory_id = TRUE;
    g_assert_true(check(fixture));
    first = id_there(fixture);
    set_id_there(fixture, NULL);
    remember(fixture);
    second = id_there(fixture);
    g_assert_cmpstr(first, !=, second); /* else the lost directory would still count */
    assert_known(fixture, second);
    set_id_there(fixture, other);
    remember(fixture);
    assert_known(fixture, other);
    g_assert_true(check(fixture));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/volume/tells one file system from another", NULL, tells_one_file_system_from_another);
    ADD("/volume/an id counts in its own boot only", NULL, an_id_counts_in_its_own_boot_only);
    ADD("/volume/another path is another directory", NULL, another_path_is_another_directory);
    ADD("/volume/writes only what is new", NULL, writes_only_what_is_new);
    ADD("/volume/gives a directory its id", NULL, gives_a_directory_its_id);
    ADD("/volume/refuses a directory without its id", NULL, refuses_a_directory_without_its_id);
    ADD("/volume/what is no plain file is no id", NULL, what_is_no_plain_file_is_no_id);
    ADD("/volume/learns an id that is there", NULL, learns_an_id_that_is_there);
    ADD("/volume/gives no id where the place is another", NULL,
        gives_no_id_where_the_place_is_another);
    ADD("/volume/a person starts anew", NULL, a_person_starts_anew);
    return g_test_run();
}
