/* Opening the ledger: made once by whoever comes first, left alone where it is not ours to touch.
 */
#include "fetch/ledger/ledger.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/database/schema.h"

enum { NOBODY = 65534, PROCESSES = 16 };

/* A ledger's path in a folder of its own, in which nothing is yet. */
static char *
fresh_path(Fixture *fixture)
{
    g_autofree char *folder = g_build_filename(fixture->folder, "fresh", NULL);

    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    return g_build_filename(folder, "ledger.db", NULL);
}

static void
assert_refused(const char *path, SmLedgerUse use, SmErrorCode code, const char *said)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(sm_ledger_open(path, NULL, use, "test", &error));
    g_assert_error(error, SM_ERROR, (int)code);
    fixture_assert_says(error->message, said, NULL);
}

static void
is_made_with_all_that_it_needs(Fixture *fixture, gconstpointer data)
{
    g_autofree char *lock = g_build_filename(fixture->folder, "ledger.lock", NULL);
    g_autofree char *journal = NULL;
    struct stat st;

    journal = fixture_texts(fixture, "PRAGMA journal_mode");
    g_assert_cmpstr(journal, ==, "wal");
    g_assert_cmpint(fixture_number(fixture, "PRAGMA synchronous"), ==, 2 /* FULL */);
    g_assert_cmpint(fixture_number(fixture, "PRAGMA user_version"), ==, SM_SCHEMA_VERSION);
    g_assert_cmpint(g_stat(fixture->path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0077, ==, 0);
    g_assert_cmpint(g_stat(lock, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
}

static void
keeps_what_it_knows_when_opened_again(Fixture *fixture, gconstpointer data)
{
    gint64 number;
    g_autoptr(SmLedger) again = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(sm_file_ensure(fixture->ledger, "main", CSV, NULL));
    again = sm_ledger_open(fixture->path, NULL, SM_LEDGER_CREATE, "test", &error);
    g_assert_no_error(error);
    g_assert_true(sm_db_integer(again->db, NULL, &number, "SELECT count(*) FROM files", ""));
    g_assert_cmpint(number, ==, 1);
}

static void
makes_its_folder(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->folder, "a", "b", "ledger.db", NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(SmLedger) ledger = sm_ledger_open(path, NULL, SM_LEDGER_CREATE, "test", NULL);
    struct stat st;

    g_assert_nonnull(ledger);
    g_assert_cmpint(g_stat(folder, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
}

static void
a_look_makes_nothing(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fresh_path(fixture);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *missing = g_build_filename(fixture->folder, "no", "ledger.db", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = NULL;

    g_assert_null(sm_ledger_open(path, NULL, SM_LEDGER_LOOK, "test", &error));
    g_assert_no_error(error);
    g_assert_null(sm_ledger_open(missing, NULL, SM_LEDGER_LOOK, "test", &error));
    g_assert_no_error(error);
    dir = g_dir_open(folder, 0, NULL);
    g_assert_null(g_dir_read_name(dir));
}

static void
a_look_sees_what_is_there(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmLedger) look = NULL;
    g_autoptr(SmFile) row = NULL;

    g_assert_true(sm_file_ensure(fixture->ledger, "main", CSV, NULL));
    look = sm_ledger_open(fixture->path, NULL, SM_LEDGER_LOOK, "test", NULL);
    g_assert_nonnull(look);
    row = sm_file_load(look, "main", CSV, NULL);
    g_assert_nonnull(row);
}

static void
an_empty_ledger_in_memory_knows_nothing(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmLedger) ledger = sm_ledger_open_empty(&error);
    g_autoptr(GPtrArray) files = NULL;

    g_assert_no_error(error);
    files = sm_file_list(ledger, NULL, 0, NULL);
    g_assert_cmpuint(files->len, ==, 0);
}

static void
another_program_s_database_is_left_alone(Fixture *fixture, gconstpointer data)
{
    static const char *const versions[] = {"PRAGMA user_version = 0", "PRAGMA user_version = 3",
                                           "PRAGMA user_version = 70"};
    g_autofree char *path = g_strconcat(fixture->path, ".other", NULL);
    g_autofree char *was = NULL;
    g_autofree char *is = NULL;
    g_autoptr(SmDb) other = NULL;
    gsize length;

    if (fixture_is_on_server())
        return;
    other = sm_db_open(path, SM_DB_CREATE, NULL);
    g_assert_nonnull(other);
    g_assert_true(sm_db_exec(other, "CREATE TABLE files (name TEXT);", NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_assert_true(sm_db_exec(other, versions[i], NULL));
        g_clear_pointer(&was, g_free);
        g_clear_pointer(&is, g_free);
        g_assert_true(g_file_get_contents(path, &was, &length, NULL));
        assert_refused(path, SM_LEDGER_CREATE, SM_ERROR_LEDGER, "another program's database");
        assert_refused(path, SM_LEDGER_LOOK, SM_ERROR_LEDGER, "another program's database");
        g_assert_true(g_file_get_contents(path, &is, NULL, NULL));
        g_assert_cmpmem(was, length, is, length);
    }
}

static void
a_newer_version_is_left_alone(Fixture *fixture, gconstpointer data)
{
    gint64 version;

    fixture_sql(fixture, fixture_is_on_server() ? "UPDATE schema_version SET version = 99"
                                                : "PRAGMA user_version = 99");
    assert_refused(fixture->path, SM_LEDGER_CREATE, SM_ERROR_LEDGER, "newer version (schema 99");
    assert_refused(fixture->path, SM_LEDGER_LOOK, SM_ERROR_LEDGER, "upgrade scorefetch");
    g_assert_true(sm_db_schema(fixture->ledger->db, &version, NULL));
    g_assert_cmpint(version, ==, 99);
}

static void
a_file_that_is_no_database_is_left_alone(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fresh_path(fixture);
    g_autofree char *found = NULL;
    g_autofree char *text = g_strnfill(5000, 'x');

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_refused(path, SM_LEDGER_CREATE, SM_ERROR_LEDGER, "backup");
    g_assert_true(g_file_get_contents(path, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, text);
}

static void
a_damaged_database_says_so(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fresh_path(fixture);
    g_autofree char *bytes = NULL;
    g_autoptr(SmLedger) ledger = sm_ledger_open(path, NULL, SM_LEDGER_CREATE, "test", NULL);
    g_autoptr(GError) error = NULL;
    gsize length;

    g_assert_nonnull(ledger);
    g_clear_pointer(&ledger, sm_ledger_close); /* the log is merged into the database */
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    memset(bytes + 4096, 'x', length - 4096);
    memset(bytes + 200, 'x', 3800);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
    ledger = sm_ledger_open(path, NULL, SM_LEDGER_CREATE, "test", &error);
    if (ledger != NULL) /* it is not read through at each opening */
        g_assert_false(sm_file_ensure(ledger, "main", CSV, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, path, "backup", NULL);
}

static void
a_file_that_was_never_filled_is_filled(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fresh_path(fixture);
    g_autoptr(SmLedger) ledger = NULL;

    g_assert_true(g_file_set_contents(path, "", 0, NULL)); /* a crash right after its creation */
    ledger = sm_ledger_open(path, NULL, SM_LEDGER_CREATE, "test", NULL);
    g_assert_nonnull(ledger);
    g_assert_true(sm_file_ensure(ledger, "main", CSV, NULL));
}

static void
a_folder_that_cannot_be_made_is_said(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->folder, "file", NULL);
    g_autofree char *path = g_build_filename(file, "ledger.db", NULL);

    g_assert_true(g_file_set_contents(file, "x", 1, NULL));
    assert_refused(path, SM_LEDGER_CREATE, SM_ERROR_LEDGER, "directory of the ledger");
}

static void
a_lock_file_that_is_a_link_is_not_followed(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fresh_path(fixture);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *lock = g_build_filename(folder, "ledger.lock", NULL);

    g_assert_cmpint(symlink("elsewhere", lock), ==, 0);
    assert_refused(path, SM_LEDGER_CREATE, SM_ERROR_LEDGER, "lock file");
}

/* What a user other than its owner is told of a ledger, where its folder has that mode. */
static void
another_user_is_told_whose_it_is(Fixture *fixture, gconstpointer data)
{
    mode_t mode = GPOINTER_TO_UINT(data);
    g_autofree char *path = fresh_path(fixture);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(SmLedger) ledger = NULL;

    if (geteuid() != 0) {
        g_test_skip("only root can be another user");
        return;
    }
    ledger = sm_ledger_open(path, NULL, SM_LEDGER_CREATE, "test", NULL);
    g_assert_nonnull(ledger);
    g_assert_cmpint(g_chmod(fixture->folder, 0755), ==, 0);
    g_assert_cmpint(g_chmod(folder, mode), ==, 0);
    g_assert_cmpint(seteuid(NOBODY), ==, 0);
    assert_refused(path, SM_LEDGER_CREATE, SM_ERROR_OWNER, "runuser -u root -- scorefetch");
    assert_refused(path, SM_LEDGER_LOOK, SM_ERROR_OWNER, "runuser -u root -- scorefetch");
    g_assert_cmpint(seteuid(0), ==, 0);
}

static void
another_user_is_told_whose_folder_it_is(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fresh_path(fixture);
    g_autofree char *folder = g_path_get_dirname(path);

    if (geteuid() != 0) {
        g_test_skip("only root can be another user");
        return;
    }
    g_assert_cmpint(g_chmod(fixture->folder, 0755), ==, 0);
    g_assert_cmpint(g_chmod(folder, 0755), ==, 0);
    g_assert_cmpint(seteuid(NOBODY), ==, 0);
    assert_refused(path, SM_LEDGER_CREATE, SM_ERROR_OWNER, "runuser -u root -- scorefetch");
    g_assert_cmpint(seteuid(0), ==, 0);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void
root_leaves_no_file_in_another_user_s_folder(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fresh_path(fixture);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GDir) dir = NULL;

    if (geteuid() != 0) {
        g_test_skip("only root can be another user");
        return;
    }
    g_assert_cmpint(chown(folder, NOBODY, NOBODY), ==, 0);
    assert_refused(path, SM_LEDGER_CREATE, SM_ERROR_OWNER, "runuser -u nobody -- scorefetch");
    dir = g_dir_open(folder, 0, NULL);
    g_assert_null(g_dir_read_name(dir));
}

static int
open_and_use(gpointer path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmLedger) ledger = sm_ledger_open(path, NULL, SM_LEDGER_CREATE, "test", &error);
    g_autofree char *name = g_strdup_printf("%d.csv", (int)getpid());

    if (ledger != NULL && sm_file_ensure(ledger, "main", name, &error))
        return 0;
    g_printerr("%s\n", error->message);
    return 1;
}

static void
many_processes_make_it_at_once(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fixture_is_on_server() ? g_strdup(fixture->path) : fresh_path(fixture);
    g_autoptr(SmLedger) ledger = NULL;
    pid_t pids[PROCESSES];
    gint64 rows;

    if (fixture_is_on_server())
        fixture_empty_schema();
    for (gsize i = 0; i < PROCESSES; i++)
        pids[i] = fixture_fork(open_and_use, path);
    for (gsize i = 0; i < PROCESSES; i++)
        g_assert_cmpint(fixture_wait(pids[i]), ==, 0);
    ledger = sm_ledger_open(path, NULL, SM_LEDGER_LOOK, "test", NULL);
    g_assert_true(sm_db_integer(ledger->db, NULL, &rows, "SELECT count(*) FROM files", ""));
    g_assert_cmpint(rows, ==, PROCESSES);
    g_assert_true(sm_db_integer(ledger->db, NULL, &rows, "SELECT count(*) FROM keys", ""));
    g_assert_cmpint(rows, ==, 1);
}

static void
the_trail_says_who_did_what(Fixture *fixture, gconstpointer data)
{
    g_assert_true(sm_ledger_log(fixture->ledger, "main", CSV, "stored", "two\nlines", NULL));
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM log WHERE account = 'main' AND"
                                            " name = '" CSV "' AND action = 'stored' AND detail ="
                                            " 'two lines' AND command = 'test'"),
                    ==, 1);
    g_assert_cmpint(fixture_number(fixture, "SELECT uid FROM log"), ==, getuid());
    g_assert_cmpint(fixture_number(fixture, "SELECT at FROM log"), <=, sm_ledger_now());
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_OF_FILE("/ledger/is made with all that it needs", NULL, is_made_with_all_that_it_needs);
    ADD("/ledger/keeps what it knows when opened again", NULL,
        keeps_what_it_knows_when_opened_again);
    ADD_OF_FILE("/ledger/makes its folder", NULL, makes_its_folder);
    ADD_OF_FILE("/ledger/a look makes nothing", NULL, a_look_makes_nothing);
    ADD("/ledger/a look sees what is there", NULL, a_look_sees_what_is_there);
    g_test_add_func("/ledger/an empty ledger in memory knows nothing",
                    an_empty_ledger_in_memory_knows_nothing);
    ADD("/ledger/another program's database is left alone", NULL,
        another_program_s_database_is_left_alone);
    ADD("/ledger/a newer version is left alone", NULL, a_newer_version_is_left_alone);
    ADD_OF_FILE("/ledger/a file that is no database is left alone", NULL,
                a_file_that_is_no_database_is_left_alone);
    ADD_OF_FILE("/ledger/a damaged database says so", NULL, a_damaged_database_says_so);
    ADD_OF_FILE("/ledger/a file that was never filled is filled", NULL,
                a_file_that_was_never_filled_is_filled);
    ADD_OF_FILE("/ledger/a folder that cannot be created is said", NULL,
                a_folder_that_cannot_be_made_is_said);
    ADD_OF_FILE("/ledger/a lock file that is a link is not followed", NULL,
                a_lock_file_that_is_a_link_is_not_followed);
    ADD_OF_FILE("/ledger/another user is told whose it is", GUINT_TO_POINTER(0755),
                another_user_is_told_whose_it_is);
    ADD_OF_FILE("/ledger/another user is told whose it is behind a closed door",
                GUINT_TO_POINTER(0700), another_user_is_told_whose_it_is);
    ADD_OF_FILE("/ledger/another user is told whose folder it is", NULL,
                another_user_is_told_whose_folder_it_is);
    ADD_OF_FILE("/ledger/root leaves no file in another user's folder", NULL,
                root_leaves_no_file_in_another_user_s_folder);
    ADD("/ledger/many processes make it at once", NULL, many_processes_make_it_at_once);
    ADD("/ledger/the trail says who did what", NULL, the_trail_says_who_did_what);
    return g_test_run();
}
