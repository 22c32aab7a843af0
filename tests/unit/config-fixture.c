#include "config-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/base/error.h"

void
fixture_write(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0644), ==, 0);
}

void
fixture_write_part(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->accounts, name, NULL);

    g_assert_cmpint(g_mkdir_with_parents(fixture->accounts, 0755), ==, 0);
    fixture_write(path, text);
}

void
fixture_set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("scoremail-config-XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
    fixture->file = g_build_filename(fixture->folder, "scoremail.conf", NULL);
    fixture->accounts = g_build_filename(fixture->folder, "accounts.d", NULL);
    g_setenv("XDG_CONFIG_HOME", fixture->folder, TRUE);
    g_setenv("XDG_STATE_HOME", fixture->folder, TRUE);
}

static void
remove_contents(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            remove_contents(path);
        else
            g_unlink(path);
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_rmdir(folder);
}

void
fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    remove_contents(fixture->folder);
    g_free(fixture->folder);
    g_free(fixture->file);
    g_free(fixture->accounts);
}

/* The message with CONF and ACCOUNTS in place of this run's paths. */
static char *
readable(const Fixture *fixture, const char *message)
{
    GString *text = g_string_new(message);

    g_string_replace(text, fixture->accounts, "ACCOUNTS", 0);
    g_string_replace(text, fixture->file, "CONF", 0);
    return g_string_free(text, FALSE);
}

void
fixture_assert_message(const Fixture *fixture, const GError *error, const char *expected)
{
    g_autofree char *message = NULL;

    g_assert_error(error, SM_ERROR, (int)SM_ERROR_CONFIG);
    message = readable(fixture, error->message);
    g_assert_cmpstr(message, ==, expected);
    g_assert_null(strchr(message, '\n'));
}

void
fixture_assert_refused(const Fixture *fixture, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmConfig) config = sm_config_load(fixture->file, &error);

    g_assert_null(config);
    fixture_assert_message(fixture, error, expected);
}

void
fixture_assert_broken(const Fixture *fixture, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmConfig) config = sm_config_load(fixture->file, &error);
    const SmAccount *account;

    g_assert_no_error(error);
    g_assert_true(sm_config_is_incomplete(config));
    g_assert_cmpuint(config->broken->len, ==, 1);
    fixture_assert_message(fixture, config->broken->pdata[0], expected);
    account = sm_config_account(config, "main");
    g_assert_nonnull(account);
    g_assert_no_error(account->fault);
    g_assert_cmpuint(config->accounts->len, ==, 1);
}

SmConfig *
fixture_load(const Fixture *fixture, const char *text)
{
    g_autoptr(GError) error = NULL;
    SmConfig *config;

    fixture_write(fixture->file, text);
    config = sm_config_load(fixture->file, &error);
    g_assert_no_error(error);
    return config;
}
