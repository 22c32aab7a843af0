/* What a sound configuration becomes, and what a broken account leaves of it. */
#include "common/event/name.h"
#include "config-fixture.h"

static void
five_lines_are_enough(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config = fixture_load(fixture, MAIN);
    g_autofree char *ledger = g_build_filename(fixture->folder, "scoremail", "ledger.db", NULL);
    const SmAccount *account = sm_config_account(config, "main");

    g_assert_cmpstr(config->file, ==, fixture->file);
    g_assert_false(config->site);
    g_assert_cmpstr(config->ledger, ==, ledger);
    g_assert_cmpint(config->log, ==, SM_LOG_SYSLOG);
    g_assert_null(config->log_file);
    g_assert_cmpint(config->log_level, ==, G_LOG_LEVEL_MESSAGE);
    g_assert_no_error(account->fault);
    g_assert_true(account->enabled);
    g_assert_cmpstr(account->name, ==, "main");
    g_assert_cmpstr(account->username, ==, "me");
    g_assert_cmpstr(account->password_file, ==, "/etc/scoremail/password");
    g_assert_cmpstr(account->directory, ==, "/srv/scores");
    g_assert_cmpint(account->format, ==, SM_FORMAT_CSV);
}

static void
the_rest_has_its_defaults(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config = fixture_load(fixture, MAIN);
    const SmAccount *account = sm_config_account(config, "main");

    g_assert_cmpstrv(account->extensions, sm_default_extensions);
    g_assert_cmpuint(g_strv_length(account->storage_hosts), ==, 12);
    g_assert_cmpstr(account->storage_hosts[0], ==, "*.s3.amazonaws.com");
    g_assert_cmpuint(g_strv_length(account->recipients), ==, 0);
    g_assert_cmpuint(g_strv_length(account->org_ids), ==, 0);
    g_assert_cmpstr(account->service_url, ==,
                    "https://scoresdownload.collegeboard.org/pascoredwnld");
    g_assert_null(account->ca_file);
    g_assert_null(account->proxy);
    g_assert_false(sm_account_encrypts(account));
    g_assert_null(account->gnupg_home);
    g_assert_cmpuint(account->connect_timeout, ==, 10);
    g_assert_cmpuint(account->give_up_after, ==, 90);
    g_assert_cmpuint(account->run_limit, ==, 240);
    g_assert_cmpuint(account->max_file_size, ==, G_GUINT64_CONSTANT(2) << 30);
    g_assert_cmpuint(account->file_mode, ==, 0600);
    g_assert_true(account->group == (gid_t)-1);
}

static void
every_key_arrives(Fixture *fixture, gconstpointer data)
{
    static const char *const extensions[] = {"csv", "txt", "zip", NULL};
    static const char *const recipients[] = {"a@b.edu", "c@d.edu", NULL};
    static const char *const org_ids[] = {"4300", "58??", NULL};
    static const char *const hosts[] = {"127.0.0.1:8443", NULL};
    g_autoptr(SmConfig) config = fixture_load(
        fixture, "[scoremail]\nledger = /var/x.db\nlog = /var/log/x\nlog-level = info\n"
                 "[account main]\nenabled = no\nusername = me\npassword-file = /p/%{account}\n"
                 "directory = /srv/%{account}\nformat = first\nextensions = csv txt zip\n"
                 "recipients = A@b.edu; c@d.edu\norg-id = 4300,58??\n"
                 "service-url = https://127.0.0.1:8443/x/\nstorage-hosts = 127.0.0.1:8443\n"
                 "ca-file = /ca/%{account}.pem\nproxy = http://proxy:3128\n"
                 "connect-timeout = 5s\ngive-up-after = 2min\nrun-limit = 1h\n"
                 "max-file-size = 10MB\nfile-mode = 0640\ngroup = root\n"
                 "delivery = inline\nencrypt-to = 0123456789ABCDEF\n"
                 "gnupg-home = /keys/%{account}\n");
    const SmAccount *account = sm_config_account(config, "main");

    g_assert_no_error(account->fault);
    g_assert_cmpstr(config->ledger, ==, "/var/x.db");
    g_assert_cmpint(config->log, ==, SM_LOG_FILE);
    g_assert_cmpstr(config->log_file, ==, "/var/log/x");
    g_assert_cmpint(config->log_level, ==, G_LOG_LEVEL_INFO);
    g_assert_false(account->enabled);
    g_assert_cmpstr(account->password_file, ==, "/p/main");
    g_assert_cmpstr(account->directory, ==, "/srv/main");
    g_assert_cmpint(account->format, ==, SM_FORMAT_FIRST);
    g_assert_cmpstrv(account->extensions, extensions);
    g_assert_cmpstrv(account->recipients, recipients);
    g_assert_cmpstrv(account->org_ids, org_ids);
    g_assert_cmpstr(account->service_url, ==, "https://127.0.0.1:8443/x");
    g_assert_cmpstrv(account->storage_hosts, hosts);
    g_assert_cmpstr(account->ca_file, ==, "/ca/main.pem");
    g_assert_cmpstr(account->proxy, ==, "http://proxy:3128");
    g_assert_true(sm_account_encrypts(account));
    g_assert_cmpstr(account->encrypt_to[0], ==, "0123456789abcdef");
    g_assert_cmpstr(account->gnupg_home, ==, "/keys/main");
    g_assert_cmpuint(account->connect_timeout, ==, 5);
    g_assert_cmpuint(account->give_up_after, ==, 120);
    g_assert_cmpuint(account->run_limit, ==, 3600);
    g_assert_cmpuint(account->max_file_size, ==, 10000000);
    g_assert_cmpuint(account->file_mode, ==, 0640);
    g_assert_cmpuint(account->group, ==, 0);
}

static void
accounts_take_defaults_and_override_them(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config =
        fixture_load(fixture, "[scoremail]\ndirectory = /srv/%{account}\nformat = csv\nproxy = "
                              "http://proxy:3128\npassword-file = /p/%{account}\n"
                              "[account a]\nusername = a\n"
                              "[account b]\nusername = b\nformat = both\nproxy = none\n");
    const SmAccount *a = sm_config_account(config, "a");
    const SmAccount *b = sm_config_account(config, "b");

    g_assert_no_error(a->fault);
    g_assert_no_error(b->fault);
    g_assert_cmpstr(a->directory, ==, "/srv/a");
    g_assert_cmpstr(b->directory, ==, "/srv/b");
    g_assert_cmpstr(b->password_file, ==, "/p/b");
    g_assert_cmpint(a->format, ==, SM_FORMAT_CSV);
    g_assert_cmpint(b->format, ==, SM_FORMAT_BOTH);
    g_assert_cmpstr(a->proxy, ==, "http://proxy:3128");
    g_assert_null(b->proxy);
}

static void
an_account_s_own_way_to_the_password_takes_the_default_s_place(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config =
        fixture_load(fixture, "[scoremail]\ndirectory = /srv/%{account}\nformat = csv\n"
                              "password-command = pass 'scores/%{account} new'\n"
                              "[account a]\nusername = a\n"
                              "[account b]\nusername = b\npassword-file = /p/%{account}\n"
                              "[account c]\nusername = c\npassword-credential = p-%{account}\n"
                              "[account d]\nusername = d\npasswordeval = ask %{account}\n"
                              "password-max-age = 90d\n");
    const SmAccount *a = sm_config_account(config, "a");
    const SmAccount *b = sm_config_account(config, "b");
    const SmAccount *c = sm_config_account(config, "c");
    const SmAccount *d = sm_config_account(config, "d");

    g_assert_true(a->fault == NULL && b->fault == NULL && c->fault == NULL && d->fault == NULL);
    g_assert_cmpstr(a->password_command[1], ==, "scores/a new");
    g_assert_null(a->password_command[2]);
    g_assert_null(a->password_file);
    g_assert_cmpuint(a->password_max_age, ==, 0);
    g_assert_cmpstr(b->password_file, ==, "/p/b");
    g_assert_null(b->password_command);
    g_assert_cmpstr(c->password_credential, ==, "p-c");
    g_assert_null(c->password_command);
    g_assert_cmpstr(d->password_command[0], ==, "ask");
    g_assert_cmpstr(d->password_command[1], ==, "d");
    g_assert_cmpuint(d->password_max_age, ==, 90 * 86400);
}

static void
a_broken_account_breaks_no_other(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config =
        fixture_load(fixture, "[account bad]\nrecipients = bad@b.edu\nnonsense\n" MAIN);
    const SmAccount *bad = sm_config_account(config, "bad");

    g_assert_nonnull(bad->fault);
    g_assert_cmpstr(bad->recipients[0], ==, "bad@b.edu");
    g_assert_nonnull(bad->extensions);
    g_assert_nonnull(bad->org_ids);
    g_assert_nonnull(bad->storage_hosts);
    g_assert_no_error(sm_config_account(config, "main")->fault);
}

static void
twins_are_both_unusable(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config = fixture_load(fixture, MAIN MAIN);

    g_assert_cmpuint(config->accounts->len, ==, 2);
    fixture_assert_message(
        fixture, ((SmAccount *)config->accounts->pdata[0])->fault,
        "CONF:1: [account main]: is given twice, also in CONF:6; rename one of them");
    fixture_assert_message(
        fixture, ((SmAccount *)config->accounts->pdata[1])->fault,
        "CONF:6: [account main]: is given twice, also in CONF:1; rename one of them");
}

static void
a_disabled_account_holds_no_directory(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmConfig) config =
        fixture_load(fixture, "[account old]\nenabled = no\n" REST "[account new]\n" REST);

    g_assert_no_error(sm_config_account(config, "old")->fault);
    g_assert_no_error(sm_config_account(config, "new")->fault);
}

static const struct {
    const char *title;
    void (*body)(Fixture *fixture, gconstpointer data);
} cases[] = {
    {"five lines are enough", five_lines_are_enough},
    {"the rest has its defaults", the_rest_has_its_defaults},
    {"every key arrives", every_key_arrives},
    {"accounts take defaults and override them", accounts_take_defaults_and_override_them},
    {"an account's own way to the password takes the default's place",
     an_account_s_own_way_to_the_password_takes_the_default_s_place},
    {"a broken account breaks no other", a_broken_account_breaks_no_other},
    {"twins are both unusable", twins_are_both_unusable},
    {"a disabled account holds no directory", a_disabled_account_holds_no_directory},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/config/", cases[i].title, NULL);

        g_test_add(path, Fixture, NULL, fixture_set_up, cases[i].body, fixture_tear_down);
    }
    return g_test_run();
}
