/* The lines of a configuration file: what is read, and what GKeyFile would have swallowed. */
#include <string.h>

#include "common/base/error.h"
#include "common/config/lines.h"

/* One text, which may hold NUL bytes, and the first complaint about it; "C" is the file. */
typedef struct {
    const char *title;
    const char *text;
    gsize length; /* 0: strlen */
    const char *message;
    gboolean for_group; /* the complaint is the last group's fault, the others go on */
} Case;

static const Case cases[] = {
    {"a byte order mark", "\357\273\277[account main]\n", 0,
     "C:1: starts with a byte order mark; save the file as UTF-8 without it", FALSE},
    {"a key before any group", "# scores\nformat = csv\n", 0,
     "C:2: a line before the first group; [scoremail] or [account NAME] must stand above it",
     FALSE},
    {"a NUL byte before any group", "#\0\n", 3,
     "C:1: has a NUL byte; save the file as plain UTF-8 text", FALSE},
    {"UTF-16", "\377\376[\0a\0", 6, "C:1: has a NUL byte; save the file as plain UTF-8 text",
     FALSE},
    {"Latin-1 before any group", "# sch\366n\n", 0,
     "C:1: has bytes that are not UTF-8; save the file as plain UTF-8 text", FALSE},
    {"a comment after a group", "[account main] # ours\n", 0,
     "C:1: \"[account main] # ours\" is no group header; write [scoremail] or [account NAME] and "
     "nothing after it",
     FALSE},
    {"a group that is not closed", "[account main\n", 0,
     "C:1: \"[account main\" is no group header; write [scoremail] or [account NAME] and nothing "
     "after it",
     FALSE},
    {"a group without a name", "[]\n", 0,
     "C:1: \"[]\" is no group header; write [scoremail] or [account NAME] and nothing after it",
     FALSE},
    {"a group in a group", "[a[b]]\n", 0,
     "C:1: \"[a[b]]\" is no group header; write [scoremail] or [account NAME] and nothing after it",
     FALSE},
    {"a control character in a group", "[account \033]\n", 0,
     "C:1: \"[account ?]\" is no group header; write [scoremail] or [account NAME] and nothing "
     "after it",
     FALSE},
    {"a NUL byte", "[account main]\nformat = c\0v\n", 28,
     "C:2: [account main]: has a NUL byte; save the file as plain UTF-8 text", TRUE},
    {"Latin-1 in a comment", "[account main]\n# sch\366n\n", 0,
     "C:2: [account main]: has bytes that are not UTF-8; save the file as plain UTF-8 text", TRUE},
    {"a line that is nothing", "[account main]\n\nhunter2\n", 0,
     "C:3: [account main]: the line is invalid; allowed: KEY = VALUE, [account NAME], # comment",
     TRUE},
    {"a value without a key", "[account main]\n = csv\n", 0,
     "C:2: [account main]: the line is invalid; allowed: KEY = VALUE, [account NAME], # comment",
     TRUE},
    {"a comment that starts with a semicolon", "[account main]\n; ours\n", 0,
     "C:2: [account main]: the line is invalid; allowed: KEY = VALUE, [account NAME], # comment",
     TRUE},
    {"a key that stands twice", "[account main]\nformat = csv\n#\nformat = txt\n", 0,
     "C:4: [account main] format: is given twice, first in line 2; keep one of them", TRUE},
    {"a comment after a value", "[account main]\nformat = csv  # comment\n", 0,
     "C:2: [account main] format: has a comment after the value; a comment stands on a line of "
     "its own",
     TRUE},
    {"a comment after a tab", "[account main]\nformat = csv\t#comment\n", 0,
     "C:2: [account main] format: has a comment after the value; a comment stands on a line of "
     "its own",
     TRUE},
    {"a comment in place of a value", "[account main]\nformat = # comment\n", 0,
     "C:2: [account main] format: has a comment after the value; a comment stands on a line of "
     "its own",
     TRUE},
    {"a semicolon after a blank", "[account main]\nformat = csv ; comment\n", 0,
     "C:2: [account main] format: has a ';' after a blank; a comment stands on a line of its own "
     "and starts with '#', a list is written a; b",
     TRUE},
    {"an empty value", "[account main]\nformat =\n", 0,
     "C:2: [account main] format: has no value; write KEY = VALUE, or leave the line out", TRUE},
    {"a blank value", "[account main]\nformat = \t \n", 0,
     "C:2: [account main] format: has no value; write KEY = VALUE, or leave the line out", TRUE},
    {"quotes", "[account main]\ndirectory = \"/srv/scores\"\n", 0,
     "C:2: [account main] directory: has quotes around the value; they would become part of it, "
     "leave them out",
     TRUE},
    {"single quotes", "[account main]\nusername = 'me'\n", 0,
     "C:2: [account main] username: has quotes around the value; they would become part of it, "
     "leave them out",
     TRUE},
    {"a control character", "[account main]\nusername = a\033b\n", 0,
     "C:2: [account main] username: has control or invisible characters in its value", TRUE},
    {"a tab inside a value", "[account main]\nusername = a\tb\n", 0,
     "C:2: [account main] username: has control or invisible characters in its value", TRUE},
    {"an invisible space", "[account main]\nusername = a\342\200\213b\n", 0,
     "C:2: [account main] username: has control or invisible characters in its value", TRUE},
    {"a control character in a key", "[account main]\nfor\033mat =\n", 0,
     "C:2: [account main] for?mat: has no value; write KEY = VALUE, or leave the line out", TRUE},
    {"the first of two mistakes", "[account main]\na =\nb = c # d\n", 0,
     "C:2: [account main] a: has no value; write KEY = VALUE, or leave the line out", TRUE},
};

static void
complains(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) groups = sm_config_lines(
        "C", test->text, test->length > 0 ? test->length : strlen(test->text), &error);

    if (test->for_group) {
        const SmConfigGroup *group;

        g_assert_no_error(error);
        group = groups->pdata[groups->len - 1];
        g_assert_error(group->fault, SM_ERROR, (int)SM_ERROR_CONFIG);
        g_assert_cmpstr(group->fault->message, ==, test->message);
    } else {
        g_assert_null(groups);
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_CONFIG);
        g_assert_cmpstr(error->message, ==, test->message);
    }
}

static GPtrArray *
read_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *groups = sm_config_lines("C", text, strlen(text), &error);

    g_assert_no_error(error);
    return groups;
}

static void
assert_entry(const SmConfigGroup *group, const char *key, const char *value, guint line)
{
    const SmConfigEntry *entry = sm_config_entry(group, key);

    g_assert_nonnull(entry);
    g_assert_cmpstr(entry->value, ==, value);
    g_assert_cmpuint(entry->line, ==, line);
}

static void
reads_groups_and_entries(void)
{
    g_autoptr(GPtrArray) groups = read_text("# ours\n\n[scoremail]\nlog = stderr\n"
                                            "[account main]\n  # theirs\nusername=me\n"
                                            "  directory  =  /srv/two words  \n");
    const SmConfigGroup *general = groups->pdata[0];
    const SmConfigGroup *account = groups->pdata[1];

    g_assert_cmpuint(groups->len, ==, 2);
    g_assert_cmpstr(general->name, ==, "scoremail");
    g_assert_cmpuint(general->line, ==, 3);
    g_assert_cmpstr(account->name, ==, "account main");
    g_assert_cmpstr(account->file, ==, "C");
    g_assert_no_error(account->fault);
    g_assert_cmpuint(account->entries->len, ==, 2);
    assert_entry(general, "log", "stderr", 4);
    assert_entry(account, "username", "me", 7);
    assert_entry(account, "directory", "/srv/two words", 8);
    g_assert_null(sm_config_entry(account, "log"));
}

static void
takes_values_literally(void)
{
    g_autoptr(GPtrArray) groups =
        read_text("[account main]\na = DOMAIN\\nick\nb = x = y\nc = a#b;c\nd = it's\ne = \"\n");
    const SmConfigGroup *group = groups->pdata[0];

    g_assert_no_error(group->fault);
    assert_entry(group, "a", "DOMAIN\\nick", 2);
    assert_entry(group, "b", "x = y", 3);
    assert_entry(group, "c", "a#b;c", 4);
    assert_entry(group, "d", "it's", 5);
    assert_entry(group, "e", "\"", 6);
}

static void
takes_crlf_and_a_last_line_without_end(void)
{
    g_autoptr(GPtrArray) groups = read_text("[account main]\r\n\r\nusername = me\r\nformat = csv");
    const SmConfigGroup *group = groups->pdata[0];

    g_assert_no_error(group->fault);
    assert_entry(group, "username", "me", 3);
    assert_entry(group, "format", "csv", 4);
}

static void
takes_an_empty_file(void)
{
    g_autoptr(GPtrArray) nothing = read_text("");
    g_autoptr(GPtrArray) blank = read_text("\n# only a comment\n");

    g_assert_cmpuint(nothing->len, ==, 0);
    g_assert_cmpuint(blank->len, ==, 0);
}

/* A mail for the broken account must still find it, so what is sound in it is kept. */
static void
keeps_the_good_lines_of_a_bad_group(void)
{
    g_autoptr(GPtrArray) groups = read_text("[account bad]\nformat = csv # no\nrecipients = a@b\n"
                                            "[account good]\nformat = csv\n");
    const SmConfigGroup *bad = groups->pdata[0];
    const SmConfigGroup *good = groups->pdata[1];

    g_assert_nonnull(bad->fault);
    g_assert_null(sm_config_entry(bad, "format"));
    assert_entry(bad, "recipients", "a@b", 3);
    g_assert_no_error(good->fault);
    assert_entry(good, "format", "csv", 5);
}

static void
leaves_groups_that_stand_twice_apart(void)
{
    g_autoptr(GPtrArray) groups = read_text("[account a]\nb = 1\n[account a]\nb = 2\n");

    g_assert_cmpuint(groups->len, ==, 2);
    assert_entry(groups->pdata[0], "b", "1", 2);
    assert_entry(groups->pdata[1], "b", "2", 4);
}

/* Whatever bytes come: no crash, and no value that could hurt a terminal. */
static void
stays_sound_under_mutation(void)
{
    static const char text[] = "# c\n[scoremail]\nlog = stderr\r\n[account main]\nusername = me\n";
    g_autoptr(GRand) rand = g_rand_new_with_seed(5818);

    for (int round = 0; round < 5000; round++) {
        g_autofree char *copy = g_memdup2(text, sizeof text - 1);
        g_autoptr(GPtrArray) groups = NULL;

        for (int i = g_rand_int_range(rand, 1, 6); i > 0; i--)
            copy[g_rand_int_range(rand, 0, sizeof text - 1)] = (char)g_rand_int_range(rand, 0, 256);
        groups = sm_config_lines("C", copy, sizeof text - 1, NULL);
        for (guint i = 0; groups != NULL && i < groups->len; i++) {
            const SmConfigGroup *group = groups->pdata[i];

            for (guint j = 0; j < group->entries->len; j++) {
                const SmConfigEntry *entry = group->entries->pdata[j];

                g_assert_cmpint(*entry->value, !=, '\0');
                for (const char *c = entry->value; *c != '\0'; c++)
                    g_assert_false(g_ascii_iscntrl(*c));
            }
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/config lines/complains of ", cases[i].title, NULL);

        g_test_add_data_func(path, &cases[i], complains);
    }
    g_test_add_func("/config lines/reads groups and entries", reads_groups_and_entries);
    g_test_add_func("/config lines/takes values literally", takes_values_literally);
    g_test_add_func("/config lines/takes CRLF and a last line without end",
                    takes_crlf_and_a_last_line_without_end);
    g_test_add_func("/config lines/takes an empty file", takes_an_empty_file);
    g_test_add_func("/config lines/keeps the good lines of a bad group",
                    keeps_the_good_lines_of_a_bad_group);
    g_test_add_func("/config lines/leaves groups that stand twice apart",
                    leaves_groups_that_stand_twice_apart);
    g_test_add_func("/config lines/stays sound under mutation", stays_sound_under_mutation);
    return g_test_run();
}
