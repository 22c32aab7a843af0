/* A table: configuration -> the full message, for every mistake in its text. */
#include "config-fixture.h"

#define PASSWORD_KEYS                                                                              \
    "allowed: exactly one of password-file, password-command (or passwordeval) and "               \
    "password-credential"

typedef struct {
    const char *title;
    const char *text;
    const char *part;    /* ACCOUNTS/b.conf, or NULL */
    const char *account; /* whose fault it is; NULL: everybody's, or of all in b.conf */
    const char *message;
} Complaint;

static const Complaint complaints[] = {
    {"an empty file", "# nothing yet\n", NULL, NULL,
     "CONF: has no account; add an [account NAME] group, see scoremail.conf(5)"},
    {"no account", "[scoremail]\nlog = stderr\n", NULL, NULL,
     "CONF: has no account; add an [account NAME] group, see scoremail.conf(5)"},
    {"a byte order mark", "\357\273\277" MAIN, NULL, NULL,
     "CONF:1: starts with a byte order mark; save the file as UTF-8 without it"},
    {"a byte order mark beside it", MAIN, "\357\273\277" MAIN, NULL,
     "ACCOUNTS/b.conf:1: starts with a byte order mark; save the file as UTF-8 without it"},
    {"a key without a group", "log = stderr\n" MAIN, NULL, NULL,
     "CONF:1: a line before the first group; [scoremail] or [account NAME] must stand above it"},
    {"a group that is misspelt", "[acount main]\n" REST, NULL, NULL,
     "CONF:1: [acount main]: is an unknown group; allowed: [scoremail] and [account NAME]"},
    {"an account without a name", "[account]\n" REST, NULL, NULL,
     "CONF:1: [account]: is an unknown group; allowed: [scoremail] and [account NAME]"},
    {"an account name with a slash", "[account a/b]\n" REST, NULL, NULL,
     "CONF:1: [account a/b]: is no valid account name; allowed: 1 to 64 letters, digits, '.', "
     "'_' and '-', not starting with '.' or '-'"},
    {"an account name that climbs", "[account ..]\n" REST, NULL, NULL,
     "CONF:1: [account ..]: is no valid account name; allowed: 1 to 64 letters, digits, '.', "
     "'_' and '-', not starting with '.' or '-'"},
    {"an account name of 65 letters",
     "[account aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg]\n" REST, NULL,
     NULL,
     "CONF:1: [account aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg]: is no "
     "valid account name; allowed: 1 to 64 letters, digits, '.', '_' and '-', not starting with "
     "'.' or '-'"},
    {"[scoremail] twice", "[scoremail]\nlog = stderr\n" MAIN "[scoremail]\n", NULL, NULL,
     "CONF:8: [scoremail]: is given twice, first in line 1; make one group of them"},
    {"[scoremail] beside it", MAIN, "[scoremail]\nlog = stderr\n", NULL,
     "ACCOUNTS/b.conf:1: [scoremail]: belongs in CONF; allowed here: [account NAME]"},
    {"a bad line in [scoremail]", "[scoremail]\nlog = stderr # here\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] log: has a comment after the value; a comment stands on a line of its "
     "own"},
    {"an unknown key in [scoremail]", "[scoremail]\ncolour = green\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] colour: is an unknown key; scoremail.conf(5) lists all keys"},
    {"an account's key in [scoremail]", "[scoremail]\nusername = me\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] username: is a setting of one account; move it to an [account NAME]"},
    {"recipients in [scoremail]", "[scoremail]\nrecipients = a@b\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] recipients: is a setting of one account; move it to an [account NAME]"},
    {"a bad log", "[scoremail]\nlog = file\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] log: is invalid; allowed: syslog, stderr, or the absolute path "
     "of a file"},
    {"a log for each account", "[scoremail]\nlog = /var/log/%{account}\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] log: is invalid; allowed: syslog, stderr, or the absolute path "
     "of a file"},
    {"a bad log level", "[scoremail]\nlog-level = debug\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] log-level: \"debug\" is invalid; allowed: error, notice, info"},
    {"a relative ledger", "[scoremail]\nledger = ledger.db\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] ledger: is no place for it; allowed: an absolute path, starting with / "
     "or ~/ and without .. in it, or postgresql://USER@HOST/DATABASE on a PostgreSQL server"},
    {"a ledger of another kind", "[scoremail]\nledger = mysql://db.example.org/x\n" MAIN, NULL,
     NULL,
     "CONF:2: [scoremail] ledger: is no place for it; allowed: an absolute path, starting with / "
     "or ~/ and without .. in it, or postgresql://USER@HOST/DATABASE on a PostgreSQL server"},
    {"a password of the ledger", "[scoremail]\nledger = postgresql://u:x@db/ledger\n" MAIN, NULL,
     NULL,
     "CONF:2: [scoremail] ledger: has a password in it; allowed: a server's place without one; set "
     "ledger-password-file, ledger-password-command or ledger-password-credential"},
    {"several passwords of the ledger",
     "[scoremail]\nledger-password-file = /x\nledger-password-credential = x\n" MAIN, NULL, NULL,
     "CONF:1: [scoremail]: has several passwords for the ledger; allowed: at most one of "
     "ledger-password-file, ledger-password-command and ledger-password-credential"},
    {"a ledger for each account", "[scoremail]\nledger = /var/%{account}.db\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] ledger: has a %{...} that means nothing here; allowed: %{account}, in "
     "the paths of an account"},
    {"a bad default", "[scoremail]\ngive-up-after = 90\n" MAIN, NULL, NULL,
     "CONF:2: [scoremail] give-up-after: \"90\" is invalid; allowed: a whole number with a "
     "unit, s, min, h, d or w, as in 90s, 30min, 2h or 7d, from 1s to 366d"},

    {"a key that is misspelt", MAIN "fromat = csv\n", NULL, "main",
     "CONF:6: [account main] fromat: is an unknown key; did you mean format?"},
    {"a key in upper case", "[account main]\nUsername = me\n", NULL, "main",
     "CONF:2: [account main] Username: is an unknown key; did you mean username?"},
    {"a key with an underscore", MAIN "file_mode = 0600\n", NULL, "main",
     "CONF:6: [account main] file_mode: is an unknown key; did you mean file-mode?"},
    {"the first part of a key", MAIN "password = hunter2\n", NULL, "main",
     "CONF:6: [account main] password: is an unknown key; did you mean password-file?"},
    {"a key of another locale", MAIN "format[de] = csv\n", NULL, "main",
     "CONF:6: [account main] format[de]: is an unknown key; scoremail.conf(5) lists all keys"},
    {"a key of a later version", MAIN "sign-with = 0xABCD\n", NULL, "main",
     "CONF:6: [account main] sign-with: is an unknown key; scoremail.conf(5) lists all keys"},
    {"the program's key in an account", MAIN "ledger = /x\n", NULL, "main",
     "CONF:6: [account main] ledger: is a setting of the whole program; move it to [scoremail]"},
    {"a key that stands twice", MAIN "format = txt\n", NULL, "main",
     "CONF:6: [account main] format: is given twice, first in line 5; keep one of them"},
    {"an empty value", MAIN "group =\n", NULL, "main",
     "CONF:6: [account main] group: has no value; write KEY = VALUE, or leave the line out"},
    {"a comment after a value", MAIN "group = root ; wheel\n", NULL, "main",
     "CONF:6: [account main] group: has a ';' after a blank; a comment stands on a line of its own "
     "and starts with '#', a list is written a; b"},
    {"no username", "[account main]\npassword-file = /p\ndirectory = /d\nformat = csv\n", NULL,
     "main",
     "CONF:1: [account main] username: is missing; set it to the account's user name at the "
     "service"},
    {"no way to the password", "[account main]\nusername = me\ndirectory = /d\nformat = csv\n",
     NULL, "main", "CONF:1: [account main]: has no password; " PASSWORD_KEYS},
    {"two ways to the password", MAIN "password-command = pass\n", NULL, "main",
     "CONF:6: [account main] password-command: conflicts with password-file; " PASSWORD_KEYS},
    {"a command by both its names",
     "[account main]\nusername = me\ndirectory = /d\nformat = csv\n"
     "passwordeval = pass\npassword-command = pass\n",
     NULL, "main",
     "CONF:6: [account main] password-command: conflicts with passwordeval; " PASSWORD_KEYS},
    {"two ways to the password by default",
     "[scoremail]\npassword-credential = a\npasswordeval = pass\n" MAIN, NULL, NULL,
     "CONF:3: [scoremail] passwordeval: conflicts with password-credential; " PASSWORD_KEYS},
    {"a password in place of a command",
     "[account main]\nusername = me\npassword-command = hunter'2\n", NULL, "main",
     "CONF:3: [account main] password-command: is no command; allowed: a program and its "
     "arguments, quoted as for a shell, every quote closed"},
    {"no directory", "[account main]\nusername = me\npassword-file = /p\nformat = csv\n", NULL,
     "main",
     "CONF:1: [account main] directory: is missing; set it to the absolute path of the directory "
     "for score files"},
    {"no format", "[account main]\nusername = me\npassword-file = /p\ndirectory = /d\n", NULL,
     "main",
     "CONF:1: [account main] format: is missing; the service posts the same data twice; set it to "
     "csv (comma-delimited), txt (fixed width), both, or first (whichever is announced "
     "first)"},
    {"a bad format",
     "[account main]\nusername = me\npassword-file = /p\ndirectory = /d\n"
     "format = cvs\n",
     NULL, "main",
     "CONF:5: [account main] format: \"cvs\" is invalid; allowed: csv, txt, both, first"},
    {"another delivery", MAIN "delivery = later\n", NULL, "main",
     "CONF:6: [account main] delivery: \"later\" is invalid; allowed: inline, queued"},
    {"a password in place of its file", "[account main]\nusername = me\npassword-file = hunter2\n",
     NULL, "main",
     "CONF:3: [account main] password-file: is no absolute path; allowed: a path that starts with "
     "/ or ~/ and has no .. in it"},
    {"another variable in a path", "[account main]\nusername = me\npassword-file = /p/%{acount}\n",
     NULL, "main",
     "CONF:3: [account main] password-file: has a %{...} that means nothing here; allowed: "
     "%{account}, in the paths of an account"},
    {"a decimal mode", MAIN "file-mode = 384\n", NULL, "main",
     "CONF:6: [account main] file-mode: \"384\" is invalid; allowed: three or four octal "
     "digits, as in 0600 or 0640, without execute bits and without write permission for others"},
    {"a service without TLS", MAIN "service-url = http://h/x\n", NULL, "main",
     "CONF:6: [account main] service-url: is no usable URL; allowed: https://HOST[:PORT][/PATH], "
     "without user, query and fragment"},
    {"extensions without the format", MAIN "extensions = zip\n", NULL, "main",
     "CONF:1: [account main] extensions: lacks csv, which format = csv needs; list all wanted "
     "extensions, as in csv txt zip"},
    {"extensions without half of both",
     "[account main]\nusername = me\npassword-file = /p\ndirectory = /d\nformat = both\n"
     "extensions = csv\n",
     NULL, "main",
     "CONF:1: [account main] extensions: lacks txt, which format = both needs; list all wanted "
     "extensions, as in csv txt zip"},
    {"the same directory written otherwise", MAIN,
     "[account two]\nusername = me\npassword-file = /p\ndirectory = //srv/./scores/\nformat = "
     "csv\n",
     "two",
     "ACCOUNTS/b.conf:4: [account two] directory: is the directory of [account main] too; give "
     "each account its own, as in /srv/scores/%{account}"},
    {"one default directory for two",
     "[scoremail]\ndirectory = /d\nformat = csv\n"
     "[account main]\nusername = a\npassword-file = /p\n"
     "[account two]\nusername = b\npassword-file = /p\n",
     NULL, "two",
     "CONF:7: [account two] directory: is the directory of [account main] too; give each account "
     "its own, as in /srv/scores/%{account}"},
    {"an account that is given twice", MAIN, MAIN, "main",
     "CONF:1: [account main]: is given twice, also in ACCOUNTS/b.conf:1; rename one of them"},
};

static void
complains(Fixture *fixture, gconstpointer data)
{
    const Complaint *test = data;
    g_autoptr(SmConfig) config = NULL;
    const SmAccount *account;

    if (test->part != NULL)
        fixture_write_part(fixture, "b.conf", test->part);
    if (test->account == NULL) {
        fixture_write(fixture->file, test->text);
        if (test->part != NULL)
            fixture_assert_broken(fixture, test->message);
        else
            fixture_assert_refused(fixture, test->message);
        return;
    }
    config = fixture_load(fixture, test->text);
    account = sm_config_account(config, test->account);
    g_assert_nonnull(account);
    fixture_assert_message(fixture, account->fault, test->message);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(complaints); i++) {
        g_autofree char *path =
            g_strconcat("/config messages/complains of ", complaints[i].title, NULL);

        g_test_add(path, Fixture, &complaints[i], fixture_set_up, complains, fixture_tear_down);
    }
    return g_test_run();
}
