/* What the checks judge by without looking at the machine. */
#include "fetch-fixture.h"
#include "fetch/check/calls.h"
#include "fetch/check/checks.h"
#include "fetch/check/places.h"

static void
the_worst_finding_is_the_exit_code(void)
{
    g_autoptr(SmCheck) check = sm_check_new();

    g_assert_cmpint(sm_check_worst(check), ==, 0);
    sm_check_say(check, SM_CHECK_OK, "ledger", NULL, "intact");
    g_assert_cmpint(sm_check_worst(check), ==, 0);
    sm_check_say(check, SM_CHECK_FAILURE, "worker", NULL, "gone");
    g_assert_cmpint(sm_check_worst(check), ==, 2);
    sm_check_say(check, SM_CHECK_WARNING, "spool", NULL, "open");
    g_assert_cmpint(sm_check_worst(check), ==, 2);
}

static const SmFinding *
last_finding(const SmCheck *check)
{
    return check->findings->pdata[check->findings->len - 1];
}

static void
a_finding_is_one_clean_line(void)
{
    g_autoptr(SmCheck) check = sm_check_new();
    SmAccount account = {.name = (char *)"main"};

    sm_check_say(check, SM_CHECK_OK, "agent", &account, "%s", "two\nlines \033[31m");
    g_assert_cmpstr(last_finding(check)->text, ==, "two lines ?[31m");
    g_assert_cmpstr(last_finding(check)->account, ==, "main");
}

static void
an_account_is_not_said_twice(void)
{
    g_autoptr(SmCheck) check = sm_check_new();
    SmAccount account = {.name = (char *)"main"};

    sm_check_say_fault(check, "password", &account,
                       g_error_new(SM_ERROR, SM_ERROR_SECRET, "account main: no such file"));
    g_assert_cmpstr(last_finding(check)->text, ==, "no such file");
    sm_check_say_fault(check, "password", NULL,
                       g_error_new(SM_ERROR, SM_ERROR_SECRET, "account main: no such file"));
    g_assert_cmpstr(last_finding(check)->text, ==, "account main: no such file");
}

static void
a_file_calls_us_in_a_line_that_is_no_comment(void)
{
    static const struct {
        const char *text;
        gboolean calls;
    } cases[] = {
        {"", FALSE},
        {"# | scoremail", FALSE},
        {"  \t# | scoremail\n:0\n", FALSE},
        {"| scoremail", TRUE},
        {":0 Wc\n\t| /usr/local/bin/scoremail -c x\n", TRUE},
        {"# scoremail\n\n| scoremail # a comment", TRUE},
        {"main.cf\nscore-mail\n", FALSE},
        {"score\nmail\n", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(sm_check_mentions(cases[i].text, "scoremail"), ==, cases[i].calls);
}

static void
a_recipe_calls_what_it_names_by_its_path(void)
{
    static const struct {
        const char *text;
        const char *calls; /* with blanks between them */
    } cases[] = {
        {"", ""},
        {"SCOREMAIL=/usr/local/bin/scoremail\n| $SCOREMAIL -c x\n", "/usr/local/bin/scoremail"},
        {"SCOREMAIL=\"/a/scoremail\"\nto \"|/b/scoremail -c\"", "/a/scoremail /b/scoremail"},
        {"# | /usr/bin/scoremail\n\t# /a/scoremail", ""},
        {"|\"exec $HOME/bin/scoremail\"\n", "/home/a/bin/scoremail"},
        {"| ~/bin/scoremail;${HOME}/x/scoremail", "/home/a/bin/scoremail /home/a/x/scoremail"},
        {"$scoremail = \"%h/bin/scoremail -c %h/scoremail.conf\"", "/home/a/bin/scoremail"},
        {"argv=/usr/bin/scoremail -c /etc/scoremail/scoremail.conf", "/usr/bin/scoremail"},
        {"mda '/usr/bin/scoremail'\r\n", "/usr/bin/scoremail"},
        {"| $BIN/scoremail\n| scoremail\npipe :copy \"scoremail\"", ""},
        {"directory = /etc/scoremail\nstate = /var/lib/scoremail\n/scoremail/x", ""},
        {"| /usr/bin/scoremail-wrapper /usr/bin/myscoremail", ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) calls = sm_check_calls(cases[i].text, "/home/a");
        g_autofree char *joined = g_strjoinv(" ", calls);

        g_assert_cmpstr(joined, ==, cases[i].calls);
    }
}

static void
without_a_home_no_call_lies_there(void)
{
    g_auto(GStrv) calls = sm_check_calls("| ~/bin/scoremail | /a/scoremail", NULL);

    g_assert_cmpstr(calls[0], ==, "/a/scoremail");
    g_assert_null(calls[1]);
}

static void
dovecot_says_where_a_script_pipes_to(void)
{
    static const struct {
        const char *text;
        const char *call;
    } cases[] = {
        {"plugin {\n  sieve_pipe_bin_dir = /usr/lib/pipe\n}\n", "/usr/lib/pipe/scoremail"},
        {"sieve_pipe_bin_dir=/a", "/a/scoremail"},
        {"  # sieve_pipe_bin_dir = /a\n", NULL},
        {"sieve_pipe_bin_dirs = /a\n", NULL},
        {"", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *call = sm_check_piped_call(cases[i].text);

        g_assert_cmpstr(call, ==, cases[i].call);
    }
}

/* As some FUSE file systems, /proc says of all that it has nothing. */
static void
a_file_system_that_tells_no_space_is_no_full_one(void)
{
    g_autoptr(SmCheck) check = sm_check_new();
    g_autofree char *text = NULL;

    g_assert_true(sm_check_space(check, "directory", NULL, "/proc", 1 << 20, &text));
    g_assert_cmpstr(text, ==, "unknown space");
    g_assert_cmpint(sm_check_worst(check), ==, SM_CHECK_OK);
}

#define SHOWN                                                                                      \
    "Id=scoremail-run.service\nLoadState=loaded\nProtectSystem=strict\nProtectHome=read-only\n"    \
    "ReadWritePaths=/var/spool/scoremail -/srv/a/scores +/home/registrar/scores \"-/srv/two "      \
    "words\"\n"                                                                                    \
    "StateDirectory=scoremail\nLogsDirectory=\nReadOnlyPaths=/srv/a/scores/old\n"                  \
    "InaccessiblePaths=\n\n"                                                                       \
    "Id=free.service\nLoadState=loaded\nProtectSystem=no\nProtectHome=no\nReadWritePaths=\n\n"     \
    "Id=full.service\nLoadState=loaded\nProtectSystem=full\nProtectHome=yes\nReadWritePaths=\n\n"  \
    "Id=none.service\nLoadState=not-found\nProtectSystem=strict\n"

static void
what_a_unit_may_write_to(void)
{
    static const struct {
        const char *unit, *path;
        gboolean may;
    } cases[] = {
        {"scoremail-run.service", "/var/spool/scoremail", TRUE},
        {"scoremail-run.service", "/var/spool/scoremail2", FALSE},
        {"scoremail-run.service", "/var/lib/scoremail/scores", TRUE},
        {"scoremail-run.service", "/var/lib", FALSE},
        {"scoremail-run.service", "/srv/a/scores/x", TRUE},
        {"scoremail-run.service", "/srv/a/scores/old", FALSE},
        {"scoremail-run.service", "/home/registrar/scores", TRUE},
        {"scoremail-run.service", "/home/registrar", FALSE},
        {"scoremail-run.service", "/srv/two words/x", TRUE},
        {"scoremail-run.service", "/srv/two", FALSE},
        {"free.service", "/home/registrar", TRUE},
        {"free.service", "/usr/share", TRUE},
        {"full.service", "/srv/scores", TRUE},
        {"full.service", "/root/scores", FALSE},
        {"full.service", "/etc/scores", FALSE},
        {"none.service", "/srv/scores", TRUE},
        {"unheard-of.service", "/srv/scores", TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].unit, cases[i].path);
        g_assert_true(sm_units_may_write(SHOWN, cases[i].unit, cases[i].path) == cases[i].may);
    }
}

static void
what_systemctl_says_of_a_unit(void)
{
    static const struct {
        const char *said;
        gboolean is_off;
    } cases[] = {
        {"enabled", FALSE},
        {"static", FALSE},
        {"disabled", TRUE},
        {"masked", TRUE},
        {"", FALSE},
        {"disable", FALSE},
        {"disabled-and-more", FALSE},
        {"enabled-runtime", TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmCheck) check = sm_check_new();

        check->units = g_strdup_printf("Id=other.timer\nUnitFileState=\n\nId=a.timer\n"
                                       "UnitFileState=%s\n",
                                       cases[i].said);
        g_assert_true(sm_units_is_off(check, "a.timer") == cases[i].is_off);
        g_assert_false(sm_units_is_off(check, "other.timer"));
        g_assert_false(sm_units_is_off(check, "none.timer"));
    }
}

/* What check says of one unit among others that are well; NULL: it is well. */
static void
what_is_wrong_with_a_unit(void)
{
    static const struct {
        const char *unit, *said, *found;
    } cases[] = {
        {"scoremail-run.timer", "UnitFileState=enabled\nActiveState=active\nSubState=waiting",
         NULL},
        {"scoremail-run.timer", "UnitFileState=enabled\nActiveState=active\nSubState=elapsed",
         "scoremail-run.timer has elapsed, and is never due again: nothing is tried again; run "
         "systemctl cat scoremail-run.timer"},
        {"scoremail-run.timer", "UnitFileState=enabled\nActiveState=inactive\nSubState=dead",
         "is stopped: nothing is tried again; run systemctl start scoremail-run.timer"},
        {"scoremail-run.timer", "UnitFileState=enabled\nActiveState=failed\nResult=resources",
         "has failed (resources): nothing is tried again; run journalctl -u scoremail-run.timer"},
        {"scoremail-tell.timer", "UnitFileState=disabled\nActiveState=active", NULL},
        {"scoremail-run.socket", "UnitFileState=disabled\nActiveState=active", NULL},
        {"scoremail-run.service", "UnitFileState=static\nActiveState=inactive\nSubState=dead",
         NULL},
        {"scoremail-run.service", "UnitFileState=static\nActiveState=activating", NULL},
        {"scoremail-run.service", "UnitFileState=static\nActiveState=failed\nResult=exit-code",
         "has failed (exit-code): what is announced is not fetched; run journalctl -u "
         "scoremail-run.service"},
        {"scoremail-sync.service", "NeedDaemonReload=yes\nActiveState=inactive",
         "has changed on the disk, and systemd has not read it again: a lost e-mail loses its "
         "file; "
         "run systemctl daemon-reload, then systemctl restart scoremail-sync.service"},
        {"scoremail-run.service",
         "ExecStart={ path=/nowhere/scorefetch ; argv[]=/nowhere/scorefetch run -c /etc/x ; "
         "ignore_errors=no }",
         "starts a program that does not fit: /nowhere/scorefetch does not exist: what is "
         "announced is not fetched; run systemctl edit scoremail-run.service"},
        {"scoremail-run.service", "ExecStart={ path=/bin/true ; argv[]=/bin/true }", NULL},
        {"scoremail-tell.service", "LoadState=masked\nUnitFileState=masked",
         "is masked and never starts: no alert is sent, and no on-stored run; run systemctl unmask "
         "scoremail-tell.service"},
        {"scoremail-sync.timer", "LoadState=bad-setting\nUnitFileState=enabled",
         "cannot be loaded (bad-setting): a lost e-mail loses its file; run systemd-analyze verify "
         "scoremail-sync.timer"},
        {"scoremail-sync.timer", "LoadState=not-found\nActiveState=inactive", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmCheck) check = sm_check_new();
        const SmFinding *finding;

        check->units = g_strdup_printf(
            "Id=scoremail-extra.timer\nActiveState=failed\n\nId=%s\n%s%s\n", cases[i].unit,
            cases[i].said, strstr(cases[i].said, "LoadState") ? "" : "\nLoadState=loaded");
        sm_check_units(check, NULL);
        finding = check->findings->len > 0 ? check->findings->pdata[0] : NULL;
        if (finding != NULL && finding->level == SM_CHECK_OK)
            finding = NULL;
        g_test_message("%s %s: %s", cases[i].unit, cases[i].said,
                       finding != NULL ? finding->text : "nothing");
        g_assert_true((finding != NULL) == (cases[i].found != NULL));
        g_assert_true(finding == NULL || g_str_has_suffix(finding->text, cases[i].found));
        g_assert_cmpuint(check->findings->len, <=, 1);
    }
}

static void
what_changes_the_units(void)
{
    g_autoptr(SmCheck) check = sm_check_new();

    check->units =
        g_strdup("Id=scoremail-run.service\nLoadState=loaded\nFragmentPath=/etc/systemd/system/x\n"
                 "DropInPaths=/etc/systemd/system/x.d/a.conf /run/systemd/system/x.d/b.conf\n\n"
                 "Id=scoremail-tell.service\nLoadState=loaded\nFragmentPath=/lib/systemd/system/y\n"
                 "DropInPaths=\n");
    sm_check_units(check, NULL);
    g_assert_cmpstr(((SmFinding *)check->findings->pdata[0])->text, ==,
                    "systemd runs those that are enabled; changed by /etc/systemd/system/x "
                    "/etc/systemd/system/x.d/a.conf /run/systemd/system/x.d/b.conf");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check/what is wrong with a unit", what_is_wrong_with_a_unit);
    g_test_add_func("/check/what changes the units", what_changes_the_units);
    g_test_add_func("/check/the worst finding is the exit code",
                    the_worst_finding_is_the_exit_code);
    g_test_add_func("/check/a finding is one clean line", a_finding_is_one_clean_line);
    g_test_add_func("/check/an account is not said twice", an_account_is_not_said_twice);
    g_test_add_func("/check/a file calls us in a line that is no comment",
                    a_file_calls_us_in_a_line_that_is_no_comment);
    g_test_add_func("/check/a recipe calls what it names by its path",
                    a_recipe_calls_what_it_names_by_its_path);
    g_test_add_func("/check/without a home no call lies there", without_a_home_no_call_lies_there);
    g_test_add_func("/check/Dovecot says where a script pipes to",
                    dovecot_says_where_a_script_pipes_to);
    g_test_add_func("/check/a file system that tells no space is no full one",
                    a_file_system_that_tells_no_space_is_no_full_one);
    g_test_add_func("/check/what a unit may write to", what_a_unit_may_write_to);
    g_test_add_func("/check/what systemctl says of a unit", what_systemctl_says_of_a_unit);
    return g_test_run();
}
