/* The parsers of values, lists and places: what they take, and what they say when they don't. */
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/config/config.h"
#include "common/config/lists.h"
#include "common/config/places.h"
#include "common/config/values.h"

/* One value; either what becomes of it, written as text, or the message. */
typedef struct {
    const char *kind;
    const SmValue *value;
    char *(*show)(const void *result);
    const char *text;
    const char *shown; /* NULL: it is refused */
    const char *message;
} Case;

static char *
show_boolean(const void *result)
{
    return g_strdup(*(const gboolean *)result ? "yes" : "no");
}

static char *
show_text(const void *result)
{
    return g_strdup(*(char *const *)result);
}

static char *
show_seconds(const void *result)
{
    return g_strdup_printf("%u", *(const guint *)result);
}

static char *
show_bytes(const void *result)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, *(const guint64 *)result);
}

static char *
show_mode(const void *result)
{
    return g_strdup_printf("%04o", (guint) * (const mode_t *)result);
}

static char *
show_format(const void *result)
{
    return g_strdup(sm_format_name(*(const SmFormat *)result));
}

static char *
show_level(const void *result)
{
    return g_strdup_printf("%d", (int)*(const GLogLevelFlags *)result);
}

static char *
show_list(const void *result)
{
    return g_strjoinv("|", *(char **const *)result);
}

static char *
show_gid(const void *result)
{
    return g_strdup_printf("%u", (guint) * (const gid_t *)result);
}

#define BOOLEAN "boolean", &sm_value_boolean, show_boolean
#define TEXT "text", &sm_value_text, show_text
#define DURATION "duration", &sm_value_duration, show_seconds
#define AGE "age", &sm_value_duration_or_off, show_seconds
#define RETENTION "retention", &sm_value_retention, show_seconds
#define SIZE "size", &sm_value_size, show_bytes
#define MODE "mode", &sm_value_mode, show_mode
#define DIRECTORY_MODE "directory mode", &sm_value_directory_mode, show_mode
#define GROUP "group", &sm_value_group, show_gid
#define FORMAT "format", &sm_value_format, show_format
#define DELIVERY "delivery", &sm_value_delivery, show_boolean
#define COMMANDS "commands", &sm_value_commands, show_boolean
#define DEFERRAL "deferral", &sm_value_deferral, show_seconds
#define LEVEL "log level", &sm_value_log_level, show_level
#define PATH "path", &sm_value_path, show_text
#define COMMAND "command", &sm_value_command, show_list
#define CREDENTIAL "credential", &sm_value_credential, show_text
#define URL "URL", &sm_value_https_url, show_text
#define PROXY "proxy", &sm_value_proxy, show_text
#define EXTENSIONS "extensions", &sm_value_extensions, show_list
#define RECIPIENTS "recipients", &sm_value_recipients, show_list
#define FILE_TYPES "file types", &sm_value_file_types, show_list
#define PARALLEL "parallel", &sm_value_parallel, show_seconds
#define ORG_IDS "org ids", &sm_value_org_ids, show_list
#define SENDERS "senders", &sm_value_senders, show_list
#define HOPS "hops", &sm_value_hops, show_seconds
#define AUTHSERV_ID "authserv id", &sm_value_authserv_id, show_text
#define KEY_IDS "key ids", &sm_value_key_ids, show_list
#define HOSTS "hosts", &sm_value_storage_hosts, show_list

#define NOT(text) "\"" text "\" is invalid; allowed: "
#define SEVERAL ", several of them separated by commas, semicolons or blanks"
#define A_SENDER                                                                                   \
    "mail addresses, domains, or *. and a domain for all below it, as in reports@example.org, "    \
    "example.org or *.example.org" SEVERAL
#define AN_AUTHSERV_ID "one name, as the mail system writes it behind \"Authentication-Results:\""
#define A_BOOLEAN "yes, no, true, false"
#define A_RETENTION                                                                                \
    "a whole number with a unit, s, min, h, d or w, as in 90s, 30min, 2h or 7d, from 1s to "       \
    "3660d, "                                                                                      \
    "or off"
#define A_DIRECTORY_MODE                                                                           \
    "three or four octal digits, as in 0700, 0750 or 2750, with all permissions for the owner "    \
    "and without write permission for others"
#define A_DURATION                                                                                 \
    "a whole number with a unit, s, min, h, d or w, as in 90s, 30min, 2h or 7d, from 1s to 366d"
#define A_SIZE                                                                                     \
    "a whole number with a unit, B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in 100KiB or 2GiB"
#define A_MODE                                                                                     \
    "three or four octal digits, as in 0600 or 0640, without execute bits and without write "      \
    "permission for others"
#define NO_COMMAND                                                                                 \
    "is no command; allowed: a program and its arguments, quoted as for a shell, every quote "     \
    "closed"
#define NO_CREDENTIAL                                                                              \
    "is no name of a credential; allowed: a file name without /, the NAME of systemd's "           \
    "LoadCredential=NAME:FILE"
#define NO_VARIABLE                                                                                \
    "has a %{...} that means nothing here; allowed: %{account}, in the paths of an account"
#define NO_PATH "is no absolute path; allowed: a path that starts with / or ~/ and has no .. in it"
#define NO_URL                                                                                     \
    "is no usable URL; allowed: https://HOST[:PORT][/PATH], without user, query and fragment"
#define NO_PROXY                                                                                   \
    "is no usable proxy; allowed: none, or http://HOST:PORT, or the same with https, socks5 or "   \
    "socks5h, without user and password"
#define A_KEY_ID                                                                                   \
    "none, or fingerprints of OpenPGP keys as gpg --list-keys shows them, or long key IDs of 16 "  \
    "digits (one of 8 digits could be anybody's)" SEVERAL
#define A_HOST                                                                                     \
    "host names, each alone or with :PORT, where * may stand for a part, or for what follows a "   \
    "hyphen in it, but not for the last two, as in *.s3-*.amazonaws.com" SEVERAL

static const Case cases[] = {
    {BOOLEAN, "yes", "yes", NULL},
    {BOOLEAN, "true", "yes", NULL},
    {BOOLEAN, "no", "no", NULL},
    {BOOLEAN, "false", "no", NULL},
    {BOOLEAN, "1", NULL, NOT("1") A_BOOLEAN},
    {BOOLEAN, "Yes", NULL, NOT("Yes") A_BOOLEAN},

    {TEXT, "DOMAIN\\user name", "DOMAIN\\user name", NULL},

    {DURATION, "30s", "30", NULL},
    {DURATION, "30min", "1800", NULL},
    {DURATION, "2h", "7200", NULL},
    {DURATION, "7d", "604800", NULL},
    {DURATION, "366d", "31622400", NULL},
    {DURATION, "2w", "1209600", NULL},
    {DURATION, "53w", NULL, NOT("53w") A_DURATION},
    {DURATION, "367d", NULL, NOT("367d") A_DURATION},
    {DURATION, "30", NULL, NOT("30") A_DURATION},
    {DURATION, "0s", NULL, NOT("0s") A_DURATION},
    {DURATION, "30m", NULL, NOT("30m") A_DURATION},
    {DURATION, "30 min", NULL, NOT("30 min") A_DURATION},
    {DURATION, "1.5h", NULL, NOT("1.5h") A_DURATION},
    {DURATION, "-1s", NULL, NOT("-1s") A_DURATION},
    {DURATION, "+1s", NULL, NOT("+1s") A_DURATION},
    {DURATION, "s", NULL, NOT("s") A_DURATION},
    {DURATION, "1h30min", NULL, NOT("1h30min") A_DURATION},
    {DURATION, "18446744073709551616s", NULL, NOT("18446744073709551616s") A_DURATION},

    {SIZE, "1B", "1", NULL},
    {SIZE, "100KiB", "102400", NULL},
    {SIZE, "2GiB", "2147483648", NULL},
    {AGE, "off", "0", NULL},
    {AGE, "90d", "7776000", NULL},
    {AGE, "90", NULL, NOT("90") A_DURATION ", or off"},
    {AGE, "never", NULL, NOT("never") A_DURATION ", or off"},

    {RETENTION, "off", "0", NULL},
    {RETENTION, "400d", "34560000", NULL},
    {RETENTION, "3660d", "316224000", NULL},
    {RETENTION, "3661d", NULL, NOT("3661d") A_RETENTION},
    {RETENTION, "3", NULL, NOT("3") A_RETENTION},

    {SIZE, "5MB", "5000000", NULL},
    {SIZE, "1TiB", "1099511627776", NULL},
    {SIZE, "2147483648", NULL, NOT("2147483648") A_SIZE},
    {SIZE, "2G", NULL, NOT("2G") A_SIZE},
    {SIZE, "2gib", NULL, NOT("2gib") A_SIZE},
    {SIZE, "0MiB", NULL, NOT("0MiB") A_SIZE},
    {SIZE, "9223372036854775807TiB", NULL, NOT("9223372036854775807TiB") A_SIZE},
    {SIZE, "16777216TiB", NULL, NOT("16777216TiB") A_SIZE},

    {MODE, "0600", "0600", NULL},
    {MODE, "640", "0640", NULL},
    {MODE, "0660", "0660", NULL},
    {MODE, "0444", "0444", NULL},
    {MODE, "0644", "0644", NULL},
    {MODE, "0666", NULL, NOT("0666") A_MODE},
    {MODE, "0700", NULL, NOT("0700") A_MODE},
    {MODE, "4600", NULL, NOT("4600") A_MODE},
    {MODE, "0060", NULL, NOT("0060") A_MODE},
    {MODE, "0680", NULL, NOT("0680") A_MODE},
    {MODE, "0x180", NULL, NOT("0x180") A_MODE},
    {MODE, "60", NULL, NOT("60") A_MODE},
    {MODE, "u=rw", NULL, NOT("u=rw") A_MODE},

    {DIRECTORY_MODE, "0700", "0700", NULL},
    {DIRECTORY_MODE, "750", "0750", NULL},
    {DIRECTORY_MODE, "2775", "2775", NULL},
    {DIRECTORY_MODE, "0777", NULL, NOT("0777") A_DIRECTORY_MODE},
    {DIRECTORY_MODE, "0600", NULL, NOT("0600") A_DIRECTORY_MODE},
    {DIRECTORY_MODE, "0070", NULL, NOT("0070") A_DIRECTORY_MODE},
    {DIRECTORY_MODE, "1770", NULL, NOT("1770") A_DIRECTORY_MODE},
    {DIRECTORY_MODE, "4750", NULL, NOT("4750") A_DIRECTORY_MODE},
    {DIRECTORY_MODE, "rwx", NULL, NOT("rwx") A_DIRECTORY_MODE},

    {GROUP, "root", "0", NULL},
    {GROUP, "0", "0", NULL},
    {GROUP, "no-such-group", NULL,
     "this system knows no group \"no-such-group\"; allowed: the name or number of a group that "
     "`getent group` shows"},

    {FORMAT, "csv", "csv", NULL},
    {FORMAT, "txt", "txt", NULL},
    {FORMAT, "both", "both", NULL},
    {FORMAT, "first", "first", NULL},
    {FORMAT, "CSV", NULL, NOT("CSV") "csv, txt, both, first"},
    {FORMAT, "csv,txt", NULL, NOT("csv,txt") "csv, txt, both, first"},

    {DELIVERY, "inline", "no", NULL},
    {DELIVERY, "queued", "yes", NULL},
    {DELIVERY, "later", NULL, NOT("later") "inline, queued"},
    {COMMANDS, "inline", "no", NULL},
    {COMMANDS, "deferred", "yes", NULL},
    {COMMANDS, "queued", NULL, NOT("queued") "inline, deferred"},

    {DEFERRAL, "2h", "7200", NULL},
    {DEFERRAL, "unlimited", "4294967295", NULL},
    {DEFERRAL, "never", NULL, NOT("never") A_DURATION ", or unlimited"},

    {LEVEL, "error", "16", NULL},
    {LEVEL, "notice", "32", NULL},
    {LEVEL, "info", "64", NULL},
    {LEVEL, "debug", NULL, NOT("debug") "error, notice, info"},

    {PATH, "/srv/scores", "/srv/scores", NULL},
    {PATH, "/srv/scores/", "/srv/scores", NULL},
    {PATH, "//srv///scores/.", "/srv/scores", NULL},
    {PATH, "/srv/two words", "/srv/two words", NULL},
    {PATH, "/srv/..hidden", "/srv/..hidden", NULL},
    {PATH, "scores", NULL, NO_PATH},
    {PATH, "./scores", NULL, NO_PATH},
    {PATH, "~", NULL, NO_PATH},
    {PATH, "~other/scores", NULL, NO_PATH},
    {PATH, "$HOME/scores", NULL, NO_PATH},
    {PATH, "/srv/../etc", NULL, NO_PATH},
    {PATH, "/srv/..", NULL, NO_PATH},
    {PATH, "/srv/%{acount}", NULL, NO_VARIABLE},

    {COMMAND, "/usr/bin/pass show scores", "/usr/bin/pass|show|scores", NULL},
    {COMMAND, "pass 'two words' \"three \\\"quoted\\\" words\" a\\ b",
     "pass|two words|three \"quoted\" words|a b", NULL},
    {COMMAND, "echo $HOME | cat > `x`", "echo|$HOME|||cat|>|`x`", NULL},
    {COMMAND, "pass 'never closed", NULL, NO_COMMAND},
    {COMMAND, "'' -x", NULL, NO_COMMAND},
    {COMMAND, "bin/pass", NULL,
     "starts a program by a relative path; allowed: an absolute path, or a name without /"},
    {COMMAND, "pass %{acount}", NULL, NO_VARIABLE},

    {CREDENTIAL, "scores-password", "scores-password", NULL},
    {CREDENTIAL, "..password", "..password", NULL},
    {CREDENTIAL, "/run/password", NULL, NO_CREDENTIAL},
    {CREDENTIAL, "..", NULL, NO_CREDENTIAL},
    {CREDENTIAL, ".", NULL, NO_CREDENTIAL},
    {CREDENTIAL, "%{acount}", NULL, NO_VARIABLE},

    {URL, "https://scoresdownload.collegeboard.org/pascoredwnld",
     "https://scoresdownload.collegeboard.org/pascoredwnld", NULL},
    {URL, "https://127.0.0.1:8443/", "https://127.0.0.1:8443", NULL},
    {URL, "https://[::1]:8443/a//", "https://[::1]:8443/a", NULL},
    {URL, "http://h/a", NULL, NO_URL},
    {URL, "https:///a", NULL, NO_URL},
    {URL, "https://", NULL, NO_URL},
    {URL, "h/a", NULL, NO_URL},
    {URL, "https://user:secret@h/a", NULL, NO_URL},
    {URL, "https://h/a?b=c", NULL, NO_URL},
    {URL, "https://h/a?", NULL, NO_URL},
    {URL, "https://h/a#b", NULL, NO_URL},
    {URL, "https://h:65536/a", NULL, NO_URL},
    {URL, "https://h/a b", NULL, NO_URL},

    {PROXY, "http://proxy.example.edu:3128", "http://proxy.example.edu:3128", NULL},
    {PROXY, "socks5h://127.0.0.1:1080/", "socks5h://127.0.0.1:1080/", NULL},
    {PROXY, "proxy.example.edu:3128", NULL, NO_PROXY},
    {PROXY, "http://proxy.example.edu", NULL, NO_PROXY},
    {PROXY, "http://me:secret@proxy.example.edu:3128", NULL, NO_PROXY},
    {PROXY, "ftp://proxy.example.edu:21", NULL, NO_PROXY},
    {PROXY, "http://proxy.example.edu:3128/path", NULL, NO_PROXY},

    {EXTENSIONS, "csv txt", "csv|txt", NULL},
    {EXTENSIONS, "csv,txt;ZIP", "csv|txt|zip", NULL},
    {EXTENSIONS, " csv ,; txt ", "csv|txt", NULL},
    {EXTENSIONS, ".csv", NULL, NOT(".csv") "extensions without the dot, as in csv or zip" SEVERAL},
    {EXTENSIONS, "12345678901234567", NULL,
     NOT("12345678901234567") "extensions without the dot, as in csv or zip" SEVERAL},
    {EXTENSIONS, ",;", NULL,
     "the list is empty; allowed: extensions without the dot, as in csv or zip"},

    {FILE_TYPES, "Scores File", "scores file", NULL},
    {FILE_TYPES, "Scores File, ;Essay File", "scores file|essay file", NULL},
    {FILE_TYPES, " , ", NULL,
     "the list is empty; allowed: types as `scorefetch list` shows them, as in Scores File"},

    {PARALLEL, "1", "1", NULL},
    {PARALLEL, "16", "16", NULL},
    {PARALLEL, "0", NULL, NOT("0") "a whole number from 1 to 16"},
    {PARALLEL, "17", NULL, NOT("17") "a whole number from 1 to 16"},
    {PARALLEL, "four", NULL, NOT("four") "a whole number from 1 to 16"},

    {RECIPIENTS, "Scores@Example.EDU", "scores@example.edu", NULL},
    {RECIPIENTS, "a@b, c+d@e", "a@b|c+d@e", NULL},
    {RECIPIENTS, "Scores@K\303\226LN.Example. \303\204@b", "scores@xn--kln-sna.example|\303\244@b",
     NULL},
    {RECIPIENTS, "scores", NULL, NOT("scores") "mail addresses of the form USER@DOMAIN" SEVERAL},
    {RECIPIENTS, "@b", NULL, NOT("@b") "mail addresses of the form USER@DOMAIN" SEVERAL},
    {RECIPIENTS, "a@", NULL, NOT("a@") "mail addresses of the form USER@DOMAIN" SEVERAL},
    {RECIPIENTS, "a@b@c", NULL, NOT("a@b@c") "mail addresses of the form USER@DOMAIN" SEVERAL},
    {RECIPIENTS, "<a@b>", NULL, NOT("<a@b>") "mail addresses of the form USER@DOMAIN" SEVERAL},

    {ORG_IDS, "4300 5818", "4300|5818", NULL},
    {ORG_IDS, "58??,AP*", "58??|ap*", NULL},
    {ORG_IDS, "58-18", NULL,
     NOT("58-18") "numbers of organisations, as in 5818, or patterns with * and ?" SEVERAL},

    {SENDERS, "Reports@Example.ORG, example.org *.example.org",
     "reports@example.org|example.org|*.example.org", NULL},
    {SENDERS, "K\303\226LN.example *.k\303\266ln.example. a@k\303\266ln.example",
     "xn--kln-sna.example|*.xn--kln-sna.example|a@xn--kln-sna.example", NULL},
    {SENDERS, "org", NULL, NOT("org") A_SENDER},
    {SENDERS, "*.org", NULL, NOT("*.org") A_SENDER},
    {SENDERS, "*", NULL, NOT("*") A_SENDER},
    {SENDERS, "*@example.org", NULL, NOT("*@example.org") A_SENDER},
    {SENDERS, "@example.org", NULL, NOT("@example.org") A_SENDER},
    {SENDERS, "mail.*.example.org", NULL, NOT("mail.*.example.org") A_SENDER},
    {HOPS, "0", "0", NULL},
    {HOPS, "20", "20", NULL},
    {HOPS, "21", NULL, NOT("21") "a whole number from 0 to 20"},
    {HOPS, "-1", NULL, NOT("-1") "a whole number from 0 to 20"},
    {AUTHSERV_ID, "mx.example.edu", "mx.example.edu", NULL},
    {AUTHSERV_ID, "mx.example.edu;", NULL, NOT("mx.example.edu;") AN_AUTHSERV_ID},
    {AUTHSERV_ID, "mx example", NULL, NOT("mx example") AN_AUTHSERV_ID},
    {KEY_IDS, "0123456789ABCDEF0123456789abcdef01234567",
     "0123456789abcdef0123456789abcdef01234567", NULL},
    {KEY_IDS, "0x0123456789ABCDEF, FEDCBA9876543210", "0x0123456789abcdef|fedcba9876543210", NULL},
    {KEY_IDS, "none", "", NULL},
    {KEY_IDS, "89ABCDEF", NULL, NOT("89ABCDEF") A_KEY_ID},
    {KEY_IDS, "0x89ABCDEF", NULL, NOT("0x89ABCDEF") A_KEY_ID},
    {KEY_IDS, "0123 4567 89AB CDEF", NULL, NOT("0123") A_KEY_ID},
    {KEY_IDS, "registrar@example.edu", NULL, NOT("registrar@example.edu") A_KEY_ID},
    {KEY_IDS, "0123456789ABCDEG", NULL, NOT("0123456789ABCDEG") A_KEY_ID},
    {KEY_IDS, "0123456789ABCDEF, none", NULL, NOT("none") A_KEY_ID},

    {HOSTS, "*.s3.amazonaws.com *.s3.*.amazonaws.com", "*.s3.amazonaws.com|*.s3.*.amazonaws.com",
     NULL},
    {HOSTS, "*.s3-*.amazonaws.com", "*.s3-*.amazonaws.com", NULL},
    {HOSTS, "a-*.b-*.example.edu:8443", "a-*.b-*.example.edu:8443", NULL},
    {HOSTS, "localhost", "localhost", NULL},
    {HOSTS, "127.0.0.1:8443, Store.Example.EDU:443", "127.0.0.1:8443|store.example.edu:443", NULL},
    {HOSTS, "[::1]:8443", "[::1]:8443", NULL},
    {HOSTS, "[::1]", "[::1]", NULL},
    {HOSTS, "*", NULL, NOT("*") A_HOST},
    {HOSTS, "*.com", NULL, NOT("*.com") A_HOST},
    {HOSTS, "*.*.com", NULL, NOT("*.*.com") A_HOST},
    {HOSTS, "s3.*", NULL, NOT("s3.*") A_HOST},
    {HOSTS, "b*.amazonaws.com", NULL, NOT("b*.amazonaws.com") A_HOST},
    {HOSTS, "b.s3-*.com", NULL, NOT("b.s3-*.com") A_HOST},
    {HOSTS, "b.*-s3.amazonaws.com", NULL, NOT("b.*-s3.amazonaws.com") A_HOST},
    {HOSTS, "b.s3-*-x.amazonaws.com", NULL, NOT("b.s3-*-x.amazonaws.com") A_HOST},
    {HOSTS, "b.-*.amazonaws.com", NULL, NOT("b.-*.amazonaws.com") A_HOST},
    {HOSTS, "a..b.com", NULL, NOT("a..b.com") A_HOST},
    {HOSTS, "a.b.com.", NULL, NOT("a.b.com.") A_HOST},
    {HOSTS, "-a.b.com", NULL, NOT("-a.b.com") A_HOST},
    {HOSTS, "a.b.com:0", NULL, NOT("a.b.com:0") A_HOST},
    {HOSTS, "a.b.com:65536", NULL, NOT("a.b.com:65536") A_HOST},
    {HOSTS, "a.b.com:", NULL, NOT("a.b.com:") A_HOST},
    {HOSTS, "[::1", NULL, NOT("[::1") A_HOST},
    {HOSTS, "[::1]x:1", NULL, NOT("[::1]x:1") A_HOST},
    {HOSTS, "[nonsense]", NULL, NOT("[nonsense]") A_HOST},
    {HOSTS, "https://me:pw@b.s3.amazonaws.com/k?Signature=secret", NULL,
     NOT("https://b.s3.amazonaws.com/k") A_HOST},
};

static void
check_case(gconstpointer data)
{
    const Case *test = data;
    gboolean is_pointer = test->show == show_text || test->show == show_list;
    union {
        char *text;
        GStrv list;
        guint64 number;
    } result = {.number = 0};
    g_autoptr(GError) error = NULL;
    gboolean taken = sm_value_read(test->value, test->text, &result, &error);

    if (test->shown != NULL) {
        g_autofree char *shown = NULL;

        g_assert_no_error(error);
        g_assert_true(taken);
        shown = test->show(&result);
        g_assert_cmpstr(shown, ==, test->shown);
    } else {
        g_assert_false(taken);
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_CONFIG);
        g_assert_cmpstr(error->message, ==, test->message);
        g_assert_cmpuint(result.number, ==, 0);
    }
    if (is_pointer && test->show == show_list)
        g_strfreev(result.list);
    else if (is_pointer)
        g_free(result.text);
}

static void
a_proxy_can_be_none(void)
{
    char *proxy = NULL;

    g_assert_true(sm_value_read(&sm_value_proxy, "none", &proxy, NULL));
    g_assert_null(proxy);
}

static void
a_tilde_is_the_home_of_getpwuid(void)
{
    g_autofree char *path = NULL;
    g_autofree char *expected = g_build_filename(getpwuid(geteuid())->pw_dir, "scores", NULL);

    g_setenv("HOME", "/tmp/elsewhere", TRUE);
    g_assert_true(sm_value_read(&sm_value_path, "~/scores", &path, NULL));
    g_assert_cmpstr(path, ==, expected);
}

static void
the_account_is_put_into_a_path(void)
{
    g_autofree char *twice = sm_value_expand("/srv/%{account}/in/%{account}.d", "main");
    g_autofree char *never = sm_value_expand("/srv/100%/x", "main");

    g_assert_cmpstr(twice, ==, "/srv/main/in/main.d");
    g_assert_cmpstr(never, ==, "/srv/100%/x");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *word = g_strdelimit(g_strdup(cases[i].text), "/", '|');
        g_autofree char *path = g_strdup_printf("/config values/%s %s %s", cases[i].kind,
                                                cases[i].shown != NULL ? "takes" : "refuses", word);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/config values/a proxy can be none", a_proxy_can_be_none);
    g_test_add_func("/config values/a tilde is the home of getpwuid",
                    a_tilde_is_the_home_of_getpwuid);
    g_test_add_func("/config values/the account is put into a path",
                    the_account_is_put_into_a_path);
    return g_test_run();
}
