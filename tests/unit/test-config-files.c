/* Which files are read, and which are refused whatever they say. */
#include <glib/gstdio.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build-config.h"
#include "config-fixture.h"

static void
files_beside_it_are_read_in_order(Fixture *fixture, gconstpointer data)
{
    static const char *const order[] = {"main", "B", "a1", "a2", "c"};
    g_autoptr(SmConfig) config = NULL;

    fixture_write_part(fixture, "c.conf", "[account c]\nusername = c\n");
    fixture_write_part(fixture, "a.conf",
                       "[account a1]\nusername = a\n[account a2]\nusername = a\n");
    fixture_write_part(fixture, "B.conf", "[account B]\nusername = b\n");
    fixture_write_part(fixture, "d.conf.bak", "[nonsense]\n");
    fixture_write_part(fixture, ".e.conf", "[nonsense]\n");
    config = fixture_load(fixture, "[scoremail]\npassword-file = /p\ndirectory = /srv/%{account}\n"
                                   "format = csv\n[account main]\nusername = m\n");
    g_assert_cmpuint(config->accounts->len, ==, G_N_ELEMENTS(order));
    for (guint i = 0; i < config->accounts->len; i++) {
        const SmAccount *account = config->accounts->pdata[i];

        g_assert_cmpstr(account->name, ==, order[i]);
        g_assert_no_error(account->fault);
    }
    g_assert_null(sm_config_account(config, "e"));
}

static void
a_missing_file_is_said(Fixture *fixture, gconstpointer data)
{
    fixture_assert_refused(fixture, "CONF: does not exist; scorefetch setup writes it");
}

static void
a_file_that_others_may_change_is_refused(Fixture *fixture, gconstpointer data)
{
    g_autofree char *part = g_build_filename(fixture->accounts, "b.conf", NULL);

    fixture_write(fixture->file, MAIN);
    g_chmod(fixture->file, 0664);
    fixture_assert_refused(fixture,
                           "CONF: is writable by others (mode 0664); run chmod go-w on it");
    g_chmod(fixture->file, 0602);
    fixture_assert_refused(fixture,
                           "CONF: is writable by others (mode 0602); run chmod go-w on it");
    g_chmod(fixture->file, 0640);
    fixture_write_part(fixture, "b.conf", "[account two]\n" REST);
    g_chmod(part, 0666);
    fixture_assert_broken(
        fixture, "ACCOUNTS/b.conf: is writable by others (mode 0666); run chmod go-w on it");
    g_chmod(part, 0600);
    g_chmod(fixture->accounts, 01777);
    fixture_assert_broken(fixture,
                          "ACCOUNTS: is writable by others (mode 1777); run chmod go-w on it");
}

static void
what_is_no_regular_file_is_refused(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(mkfifo(fixture->file, 0600), ==, 0);
    fixture_assert_refused(fixture, "CONF: is not a regular file");
    g_unlink(fixture->file);
    g_assert_cmpint(g_mkdir(fixture->file, 0700), ==, 0);
    fixture_assert_refused(fixture, "CONF: is not a regular file");
    g_rmdir(fixture->file);
}

static void
a_file_in_place_of_the_folder_is_refused(Fixture *fixture, gconstpointer data)
{
    fixture_write(fixture->file, MAIN);
    fixture_write(fixture->accounts, "");
    fixture_assert_broken(fixture, "ACCOUNTS: Not a directory");
}

/* The files before and behind it are read, of itself nothing. */
static void
a_broken_file_stops_its_own_accounts_only(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config = NULL;

    fixture_write_part(fixture, "a.conf", "[account a]\n" REST);
    fixture_write_part(fixture, "b.conf", "[account b1]\n" REST "[scoremail]\n[account b2]\n" REST);
    fixture_write_part(fixture, "c.conf", "[account c]\n" REST);
    fixture_write_part(fixture, "d.conf", "[acount d]\n" REST);
    config = fixture_load(fixture, MAIN);
    g_assert_cmpuint(config->broken->len, ==, 2);
    g_assert_cmpuint(config->accounts->len, ==, 3);
    g_assert_nonnull(sm_config_account(config, "main"));
    g_assert_nonnull(sm_config_account(config, "a"));
    g_assert_nonnull(sm_config_account(config, "c"));
}

static void
nothing_but_broken_files_is_an_error(Fixture *fixture, gconstpointer data)
{
    fixture_write(fixture->file, "[scoremail]\nlog = stderr\n");
    fixture_write_part(fixture, "b.conf", "nonsense\n");
    fixture_assert_refused(fixture, "ACCOUNTS/b.conf:1: a line before the first group; [scoremail] "
                                    "or [account NAME] must stand above it");
}

static void
a_huge_file_is_refused(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = g_strnfill((1 << 20) + 1, '\n');

    fixture_write(fixture->file, text);
    fixture_assert_refused(fixture, "CONF: is larger than 1 MiB; this is no configuration");
}

/* Becomes another user for the rest of the process; TRUE in a subprocess that may do so. */
static gboolean
as_another_user(uid_t uid)
{
    if (geteuid() != 0) {
        g_test_skip("only root can become another user");
        return FALSE;
    }
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return FALSE;
    }
    g_assert_cmpint(setegid(uid), ==, 0);
    g_assert_cmpint(seteuid(uid), ==, 0);
    return TRUE;
}

static void
become_root_again(void)
{
    g_assert_cmpint(seteuid(0), ==, 0);
}

static void
a_stranger_s_file_is_refused(Fixture *fixture, gconstpointer data)
{
    fixture_write(fixture->file, MAIN);
    g_chmod(fixture->folder, 0755);
    if (geteuid() == 0)
        g_assert_cmpint(chown(fixture->file, 54321, (gid_t)-1), ==, 0);
    if (!as_another_user(54322))
        return;
    fixture_assert_refused(
        fixture, "CONF: is owned by uid 54321; chown it to root or to uid 54322, which runs this");
    become_root_again();
}

static void
a_closed_file_is_said(Fixture *fixture, gconstpointer data)
{
    fixture_write(fixture->file, MAIN);
    if (!as_another_user(54321))
        return;
    fixture_assert_refused(fixture, "CONF: cannot be read by uid 54321; check its permissions and "
                                    "those of the folders above it");
    become_root_again();
}

static void
a_user_without_a_home_needs_a_ledger(Fixture *fixture, gconstpointer data)
{
    fixture_write(fixture->file, MAIN);
    g_chmod(fixture->folder, 0755);
    if (!as_another_user(54321))
        return;
    g_unsetenv("XDG_STATE_HOME");
    fixture_assert_refused(fixture,
                           "CONF: uid 54321 has no home directory for the ledger; set ledger in "
                           "[scoremail]");
    become_root_again();
}

static void
the_ledger_lies_at_home(Fixture *fixture, gconstpointer data)
{
    g_autofree char *expected =
        g_build_filename(getpwuid(geteuid())->pw_dir, ".local/state/scoremail/ledger.db", NULL);
    g_autoptr(SmConfig) unset = NULL;
    g_autoptr(SmConfig) relative = NULL;

    g_setenv("HOME", "/tmp/elsewhere", TRUE);
    g_unsetenv("XDG_STATE_HOME");
    unset = fixture_load(fixture, MAIN);
    g_assert_cmpstr(unset->ledger, ==, expected);
    g_setenv("XDG_STATE_HOME", "relative/state", TRUE);
    relative = fixture_load(fixture, MAIN);
    g_assert_cmpstr(relative->ledger, ==, expected);
}

static void
the_file_in_use_is_found(Fixture *fixture, gconstpointer data)
{
    g_autofree char *personal =
        g_build_filename(fixture->folder, "scoremail", "scoremail.conf", NULL);
    g_autofree char *folder = g_path_get_dirname(personal);
    g_autofree char *site = sm_config_find(NULL);
    g_autofree char *found = NULL;
    g_autofree char *given = sm_config_find("/x/../y/z.conf");
    g_autofree char *here = g_get_current_dir();
    g_autofree char *expected = g_build_filename(here, "z.conf", NULL);
    g_autofree char *relative = sm_config_find("z.conf");

    g_assert_cmpstr(site, ==, SM_SYSCONFDIR "/scoremail/scoremail.conf");
    g_assert_cmpstr(site, ==, "/etc/scoremail/scoremail.conf");
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    fixture_write(personal, MAIN);
    found = sm_config_find(NULL);
    g_assert_cmpstr(found, ==, personal);
    g_assert_cmpstr(given, ==, "/y/z.conf");
    g_assert_cmpstr(relative, ==, expected);
}

static gboolean
write_map(const char *path, guint id)
{
    g_autofree char *text = g_strdup_printf("0 %u 1", id);

    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
}

/* An empty /etc for this process alone; FALSE where the system lets nobody mount. */
static gboolean
mount_empty_etc(void)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (uid != 0 && (unshare(CLONE_NEWUSER) < 0 || !write_map("/proc/self/uid_map", uid) ||
                     !g_file_set_contents_full("/proc/self/setgroups", "deny", -1,
                                               G_FILE_SET_CONTENTS_NONE, 0644, NULL) ||
                     !write_map("/proc/self/gid_map", gid)))
        return FALSE;
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/etc", "tmpfs", 0, "mode=0755") == 0;
}

static void
load_the_site_s(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmConfig) config = NULL;

    g_assert_cmpint(g_mkdir("/etc/scoremail", 0755), ==, 0);
    fixture_write("/etc/scoremail/scoremail.conf", MAIN);
    config = sm_config_load(NULL, &error);
    g_assert_no_error(error);
    g_assert_true(config->site);
    g_assert_cmpstr(config->file, ==, "/etc/scoremail/scoremail.conf");
    g_assert_cmpstr(config->ledger, ==, "/var/lib/scoremail/ledger.db");
}

static void
the_site_s_ledger_lies_in_var(Fixture *fixture, gconstpointer data)
{
    enum { NOT_HERE = 77 };
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (!mount_empty_etc())
            _exit(NOT_HERE);
        load_the_site_s();
        _exit(0);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
        g_test_skip("this system lets nobody mount");
    else
        g_assert_cmpint(status, ==, 0);
}

static const struct {
    const char *title;
    void (*body)(Fixture *fixture, gconstpointer data);
} cases[] = {
    {"files beside it are read in order", files_beside_it_are_read_in_order},
    {"a missing file is said", a_missing_file_is_said},
    {"a file that others may change is refused", a_file_that_others_may_change_is_refused},
    {"what is no regular file is refused", what_is_no_regular_file_is_refused},
    {"a file in place of the folder is refused", a_file_in_place_of_the_folder_is_refused},
    {"a broken file stops its own accounts only", a_broken_file_stops_its_own_accounts_only},
    {"nothing but broken files is an error", nothing_but_broken_files_is_an_error},
    {"a huge file is refused", a_huge_file_is_refused},
    {"a stranger's file is refused", a_stranger_s_file_is_refused},
    {"a closed file is said", a_closed_file_is_said},
    {"a user without a home needs a ledger", a_user_without_a_home_needs_a_ledger},
    {"the ledger lies at home", the_ledger_lies_at_home},
    {"the site's ledger lies in var", the_site_s_ledger_lies_in_var},
    {"the file in use is found", the_file_in_use_is_found},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/config files/", cases[i].title, NULL);

        g_test_add(path, Fixture, NULL, fixture_set_up, cases[i].body, fixture_tear_down);
    }
    return g_test_run();
}
