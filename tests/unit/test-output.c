/* A file that a person names: whole or not there, never over another unless that was said. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/store/output.h"

/* Writes text to the file; the other file's bytes come in its way before it gets its name. */
static gboolean
write_text(const char *path, const char *text, gboolean force, const char *other, GError **error)
{
    g_auto(SmOutput) output = {0};
    g_autofree char *sha256 = NULL;
    g_autofree char *md5 = NULL;

    if (!sm_output_begin(&output, path, force, error) ||
        !sm_part_write(output.part, text, strlen(text), error) ||
        !sm_part_finish(output.part, &sha256, &md5, error))
        return FALSE;
    if (other != NULL)
        g_assert_true(g_file_set_contents(path, other, -1, NULL));
    return sm_output_place(&output, 0600, (gint64)strlen(text), sha256, error);
}

static void
assert_outcome(Fixture *fixture, const char *text, const char *names)
{
    g_autofree char *bytes = fixture_get(fixture, "page");
    g_autofree char *all = fixture_list(fixture);

    g_assert_cmpstr(bytes, ==, text);
    g_assert_cmpstr(all, ==, names);
}

static void
a_new_file_is_private(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->store->directory, "page", NULL);
    GStatBuf st;

    g_assert_true(write_text(path, "new", FALSE, NULL, NULL));
    assert_outcome(fixture, "new", "page");
    g_assert_cmpint(g_stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
}

static void
another_file_is_kept_unless_forced(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->store->directory, "page", NULL);
    g_autoptr(GError) error = NULL;

    fixture_put(fixture, "page", "old");
    g_assert_false(write_text(path, "new", FALSE, NULL, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_CONFLICT);
    fixture_assert_says(error->message, path, "already exists", "--force", NULL);
    assert_outcome(fixture, "old", "page");
    g_assert_true(write_text(path, "new", TRUE, NULL, NULL));
    assert_outcome(fixture, "new", "page");
}

static void
so_is_one_that_comes_meanwhile(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->store->directory, "page", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(write_text(path, "new", FALSE, "other", &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_CONFLICT);
    assert_outcome(fixture, "other", "page");
}

static void
what_is_no_file_is_refused(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->store->directory, "page", NULL);
    g_autofree char *folder = g_strconcat(fixture->store->directory, "/", NULL);
    g_autofree char *nowhere = g_build_filename(fixture->folder, "nowhere", "page", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    for (int force = 0; force <= 1; force++) {
        g_assert_false(write_text(path, "new", force, NULL, &error));
        g_assert_error(error, SM_ERROR, SM_ERROR_CONFLICT);
        fixture_assert_says(error->message, path, "not a regular file", NULL);
        g_clear_error(&error);
        g_assert_false(write_text(force ? folder : "", "new", TRUE, NULL, &error));
        g_assert_error(error, SM_ERROR, SM_ERROR_USAGE);
        g_clear_error(&error);
    }
    g_assert_false(write_text(nowhere, "new", TRUE, NULL, &error));
    g_assert_error(error, SM_ERROR, SM_ERROR_VOLUME);
    g_assert_cmpint(g_rmdir(path), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/output/new", NULL, a_new_file_is_private);
    ADD("/output/there", NULL, another_file_is_kept_unless_forced);
    ADD("/output/meanwhile", NULL, so_is_one_that_comes_meanwhile);
    ADD("/output/no-file", NULL, what_is_no_file_is_refused);
    return g_test_run();
}
