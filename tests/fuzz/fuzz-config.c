/*
 * A configuration of any octets: it is refused with one clean line, or
 * what is read keeps the promises of config.h; an account without a fault has
 * all that a fetch needs.
 */
#include <glib/gstdio.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/config/account.h"
#include "common/config/config.h"
#include "fuzz.h"

enum { MODE_BITS = 0664 }; /* all that file-mode may have */

/* In place of the C library's, which would read the host's files for each of a million inputs. */
struct group *
getgrnam(const char *name)
{
    static char known[] = "scores";
    static char *nobody[] = {NULL};
    static struct group group = {.gr_name = known, .gr_gid = 4300, .gr_mem = nobody};

    return strcmp(name, known) == 0 ? &group : NULL;
}

struct group *
getgrgid(gid_t gid)
{
    return gid == 4300 ? getgrnam("scores") : NULL;
}

static void
assert_message(const GError *error)
{
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_CONFIG);
    g_assert_true(sm_text_is_clean(error->message, strlen(error->message)));
}

static void
assert_list(char *const *list)
{
    g_assert_nonnull(list);
    for (; *list != NULL; list++)
        g_assert_cmpuint(strlen(*list), >, 0);
}

/* What holds of every account, so that an event still finds it. */
static void
assert_account(const SmConfig *config, const SmAccount *account)
{
    g_assert_true(sm_account_name_is_sound(account->name));
    assert_list(account->extensions);
    assert_list(account->recipients);
    assert_list(account->org_ids);
    assert_list(account->storage_hosts);
    if (account->fault != NULL)
        assert_message(account->fault);
    else
        g_assert_true(sm_config_account(config, account->name) == account);
}

static void
assert_usable(const SmAccount *account)
{
    g_assert_cmpuint(strlen(account->username), >, 0);
    g_assert_true(g_path_is_absolute(account->password_file));
    g_assert_true(g_path_is_absolute(account->directory));
    g_assert_cmpstr(sm_format_name(account->format), !=, "unknown");
    g_assert_true(g_str_has_prefix(account->service_url, "https://"));
    g_assert_false(g_str_has_suffix(account->service_url, "/"));
    g_assert_nonnull(account->storage_hosts[0]);
    g_assert_true(account->ca_file == NULL || g_path_is_absolute(account->ca_file));
    g_assert_cmpuint(account->max_file_size, >, 0);
    g_assert_cmpuint(account->run_limit, >, 0);
    g_assert_cmpuint(account->connect_timeout, >, 0);
    g_assert_cmpuint(account->give_up_after, >, 0);
    g_assert_cmpuint(account->file_mode & ~(mode_t)MODE_BITS, ==, 0);
}

static const char *folder(void);

/* Where the files are: the first one, and the one in accounts.d. Caller frees. */
static char *
path_of(const char *in_accounts)
{
    return in_accounts != NULL ? g_build_filename(folder(), "accounts.d", in_accounts, NULL)
                               : g_build_filename(folder(), "scoremail.conf", NULL);
}

static void
remove_folder(void)
{
    g_autofree char *file = path_of(NULL);
    g_autofree char *more = path_of("more.conf");
    g_autofree char *accounts = path_of("");

    g_unlink(file);
    g_unlink(more);
    g_rmdir(accounts);
    g_rmdir(folder());
}

/* A folder of this process's own, until it ends. */
static const char *
folder(void)
{
    static char *path;

    if (path == NULL) {
        g_autofree char *accounts = NULL;

        path = g_dir_make_tmp("scoremail-fuzz-XXXXXX", NULL);
        g_assert_nonnull(path);
        accounts = path_of("");
        g_assert_cmpint(g_mkdir(accounts, 0700), ==, 0);
        atexit(remove_folder);
        g_setenv("XDG_STATE_HOME", path, TRUE); /* or each run asks who we are */
    }
    return path;
}

static void
write_file(const char *path, const guint8 *data, gsize size)
{
    g_assert_true(g_file_set_contents_full(path, (const char *)data, (gssize)size,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* What stands behind a form feed is another file, in accounts.d. Returns the first one's path. */
static char *
write_files(const guint8 *data, gsize size)
{
    g_autofree char *more = path_of("more.conf");
    char *file = path_of(NULL);
    const guint8 *mark = size > 0 ? memchr(data, '\f', size) : NULL;
    gsize first = mark != NULL ? (gsize)(mark - data) : size;

    write_file(file, data, first);
    if (mark != NULL)
        write_file(more, mark + 1, size - first - 1);
    else
        g_unlink(more);
    return file;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autofree char *file = write_files(data, size);
    g_autoptr(SmConfig) config = NULL;
    g_autoptr(GError) error = NULL;

    config = sm_config_load(file, &error);
    g_assert_cmpint(config == NULL, ==, error != NULL);
    if (config == NULL) {
        assert_message(error);
        return 0;
    }
    g_assert_cmpstr(config->file, ==, file);
    g_assert_true(g_path_is_absolute(config->ledger));
    g_assert_true(g_path_is_absolute(config->spool));
    g_assert_cmpuint(config->worker_interval, >, 0);
    g_assert_cmpuint(config->defer_for, >, 0);
    g_assert_cmpuint(config->accounts->len, >, 0);
    for (guint i = 0; i < config->accounts->len; i++) {
        const SmAccount *account = config->accounts->pdata[i];

        assert_account(config, account);
        if (account->fault == NULL)
            assert_usable(account);
    }
    return 0;
}
