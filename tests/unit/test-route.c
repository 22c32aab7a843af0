/* Which account an event belongs to: one table over one configuration. */
#include "fetch/rules/route.h"

#include <string.h>

#include "common/base/error.h"

typedef struct {
    const char *name;
    gboolean enabled;
    const char *recipients;
    const char *org_ids;
} Entry;

/* north and south share an address; retired is not used any more. */
static const Entry several[] = {
    {"north", TRUE, "north@example.edu shared@example.edu", "4300 4301"},
    {"south", TRUE, "south@example.edu shared@example.edu", "58*"},
    {"retired", FALSE, "old@example.edu", "9999"},
    {NULL, FALSE, NULL, NULL},
};
static const Entry alone[] = {
    {"main", TRUE, "", ""}, {"retired", FALSE, "old@example.edu", ""}, {NULL, FALSE, NULL, NULL}};
static const Entry strict[] = {{"main", TRUE, "", "4300"}, {NULL, FALSE, NULL, NULL}};

static const Entry zeros[] = {
    {"north", TRUE, "", "004300"}, {"south", TRUE, "", "5818"}, {NULL, FALSE, NULL, NULL}};
static const Entry tagged[] = {{"north", TRUE, "scores@example.edu", ""},
                               {"south", TRUE, "scores+south@example.edu", ""},
                               {NULL, FALSE, NULL, NULL}};

/* As the configuration keeps them. */
static const Entry abroad[] = {{"north", TRUE, "scores@xn--kln-sna.example", ""},
                               {"south", TRUE, "scores@koln.example", ""},
                               {NULL, FALSE, NULL, NULL}};

static const struct {
    const char *title;
    const Entry *accounts;
    const char *wanted; /* NULL: nobody said which */
    const char *recipients;
    const char *to;
    const char *file;
    const char *account; /* NULL: none */
    const char *why;
} cases[] = {
    {"the only account", alone, NULL, "", "", "4300_1.csv", "main", NULL},
    {"the only one that is enabled", alone, NULL, "old@example.edu", "", "4300_1.csv", "main",
     NULL},
    {"the only account for a name without a number", alone, NULL, "", "", "scores.csv", "main",
     NULL},
    {"the only account for an event without a name", alone, NULL, "", "", "", "main", NULL},
    {"the one that was said", several, "south", "north@example.edu", "", "5818_1.csv", "south",
     NULL},
    {"none where nobody knows the one that was said", several, "west", "", "", "4300_1.csv", NULL,
     "no account west in /etc/x.conf"},
    {"none where the one that was said is not enabled", several, "retired", "", "", "9999_1.csv",
     NULL, "retired is not enabled"},
    {"none where the one that was said serves others", several, "south", "", "", "4300_1.csv", NULL,
     "organisation 4300 is not in org-id of account south"},
    {"by the recipient", several, NULL, "north@example.edu", "", "scores.csv", "north", NULL},
    {"by the recipient in capitals", several, NULL, "NORTH@Example.EDU", "", "scores.csv", "north",
     NULL},
    {"by the recipient with a dot behind its domain", several, NULL, "north@example.edu.", "",
     "scores.csv", "north", NULL},
    {"by the recipient in another script", abroad, NULL, "scores@K\303\226LN.example", "",
     "scores.csv", "north", NULL},
    {"by the recipient in letters for DNS", abroad, NULL, "scores+x@XN--Kln-SNA.example.", "",
     "scores.csv", "north", NULL},
    {"by one of several recipients", several, NULL, "x@example.edu south@example.edu", "",
     "scores.csv", "south", NULL},
    {"by the recipient before the organisation, which must fit", several, NULL, "north@example.edu",
     "", "5818_1.csv", NULL, "organisation 5818 is not in org-id of account north"},
    {"by the organisation", several, NULL, "", "", "4301_20180410.csv", "north", NULL},
    {"by a pattern for the organisation", several, NULL, "", "", "5818_20180410.csv", "south",
     NULL},
    {"by the organisation where two accounts share the recipient", several, NULL,
     "shared@example.edu", "", "5818_1.csv", "south", NULL},
    {"by the organisation where the recipient is nobody's", several, NULL, "x@example.edu", "",
     "4300_1.csv", "north", NULL},
    {"by To last of all", several, NULL, "", "south@example.edu", "scores.csv", "south", NULL},
    {"not by To where the recipients tell", several, NULL, "north@example.edu", "south@example.edu",
     "scores.csv", "north", NULL},
    {"not by To where it means two", several, NULL, "", "north@example.edu, south@example.edu",
     "scores.csv", NULL, "no account matches"},
    {"none for a stranger's organisation", several, NULL, "", "", "7777_1.csv", NULL,
     "no account matches"},
    {"none that is not enabled", several, NULL, "old@example.edu", "", "9999_1.csv", NULL,
     "no account matches"},
    {"none where the number has no end", several, NULL, "", "", "4300.csv", NULL,
     "no account matches"},
    {"none where the number is too long for one", several, NULL, "", "", "430000000_1.csv", NULL,
     "no account matches"},
    {"by the organisation whatever its leading zeros", several, NULL, "", "", "004300_1.csv",
     "north", NULL},
    {"by the organisation with zeros and a pattern", several, NULL, "", "", "00005818_1.csv",
     "south", NULL},
    {"by a number that is listed with zeros", zeros, NULL, "", "", "4300_1.csv", "north", NULL},
    {"none where the zeros are within", several, NULL, "", "", "40300_1.csv", NULL,
     "no account matches"},
    {"by the recipient without its tag", several, NULL, "north+cb@example.edu", "", "scores.csv",
     "north", NULL},
    {"by the recipient without tags", several, NULL, "North+a+B@example.edu", "", "scores.csv",
     "north", NULL},
    {"by the recipient with its tag where that is listed", tagged, NULL, "scores+south@example.edu",
     "", "scores.csv", "south", NULL},
    {"by as much of the tags as is listed", tagged, NULL, "scores+south+x@example.edu", "",
     "scores.csv", "south", NULL},
    {"by the base of another tag", tagged, NULL, "scores+x@example.edu", "", "scores.csv", "north",
     NULL},
    {"by To without its tag", several, NULL, "", "south+x@example.edu", "scores.csv", "south",
     NULL},
    {"not by a tag alone", several, NULL, "+north@example.edu", "", "scores.csv", NULL,
     "no account matches"},
    {"not by the base of another host", several, NULL, "north+x@example.org", "", "scores.csv",
     NULL, "no account matches"},
    {"not by a hyphen that nobody says is a separator", several, NULL, "north-x@example.edu", "",
     "scores.csv", NULL, "no account matches"},
    {"none for another organisation although it is the only account", strict, NULL, "", "",
     "5818_1.csv", NULL, "organisation 5818 is not in org-id of account main"},
    {"the only account for a name that tells no organisation", strict, NULL, "", "",
     "00000020150717000005.csv", "main", NULL},
};

static void
free_account(gpointer data)
{
    SmAccount *account = data;

    g_free(account->name);
    g_strfreev(account->recipients);
    g_strfreev(account->org_ids);
    g_free(account);
}

static GStrv
words(const char *text)
{
    return *text != '\0' ? g_strsplit_set(text, " ,", -1) : g_new0(char *, 1);
}

static SmConfig *
make_config(const Entry *entries)
{
    SmConfig *config = g_new0(SmConfig, 1);

    config->file = g_strdup("/etc/x.conf");
    config->accounts = g_ptr_array_new_with_free_func(free_account);
    for (; entries->name != NULL; entries++) {
        SmAccount *account = g_new0(SmAccount, 1);

        account->name = g_strdup(entries->name);
        account->enabled = entries->enabled;
        account->recipients = words(entries->recipients);
        account->org_ids = words(entries->org_ids);
        g_ptr_array_add(config->accounts, account);
    }
    return config;
}

static void
finds(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(SmConfig) config = make_config(cases[i].accounts);
    g_autoptr(SmEvent) event = sm_event_new(SM_EVENT_NAMES);
    g_autofree char *why = NULL;
    const SmAccount *account;

    g_strfreev(event->recipients);
    event->recipients = words(cases[i].recipients);
    g_strfreev(event->to);
    event->to = words(cases[i].to);
    if (cases[i].wanted != NULL) {
        g_free(event->account);
        event->account = g_strdup(cases[i].wanted);
    }
    account = sm_route(config, event, cases[i].file, &why);
    if (cases[i].account != NULL) {
        g_assert_cmpstr(why, ==, NULL);
        g_assert_nonnull(account);
        g_assert_cmpstr(account->name, ==, cases[i].account);
        return;
    }
    g_assert_null(account);
    g_assert_nonnull(strstr(why, cases[i].why));
    g_assert_null(strchr(why, '\n'));
}

static const struct {
    const char *title;
    const char *envelope;
    const char *extension;
    const char *recipients;
    const char *file;
    const char *account;
} envelopes[] = {
    {"by the envelope before the header", "south@example.edu", "", "north@example.edu",
     "scores.csv", "south"},
    {"by the envelope's extension, whatever its case", "me+South@example.edu", "South",
     "north@example.edu", "scores.csv", "south"},
    {"by the envelope's address before its extension", "north@example.edu", "south", "",
     "scores.csv", "north"},
    {"by the header where the envelope tells nothing", "me@example.edu", "sat", "north@example.edu",
     "scores.csv", "north"},
    {"none that the extension names and that is not enabled", "me+retired@example.edu", "retired",
     "", "scores.csv", NULL},
    {"none that the extension names and that serves others", "me+south@example.edu", "south", "",
     "4300_1.csv", NULL},
    {"by the envelope without a tag", "north+cb@example.edu", "cb", "", "scores.csv", "north"},
    {"by the extension before the envelope without it", "north+south@example.edu", "south", "",
     "scores.csv", "south"},
    {"by the envelope without what the agent says is its extension", "north-cb@example.edu", "CB",
     "", "scores.csv", "north"},
    {"not by a part of the name that is no extension", "xnorthcb@example.edu", "cb", "",
     "scores.csv", NULL},
    {"by the organisation where the envelope means two", "shared@example.edu", "", "", "4300_1.csv",
     "north"},
};

static void
reads_the_envelope(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(SmConfig) config = make_config(several);
    g_autoptr(SmEvent) event = sm_event_new(SM_EVENT_NAMES);
    g_autofree char *why = NULL;
    const SmAccount *account;

    g_strfreev(event->envelope);
    event->envelope = words(envelopes[i].envelope);
    g_strfreev(event->recipients);
    event->recipients = words(envelopes[i].recipients);
    g_free(event->extension);
    event->extension = g_strdup(envelopes[i].extension);
    account = sm_route(config, event, envelopes[i].file, &why);
    g_assert_cmpstr(account != NULL ? account->name : NULL, ==, envelopes[i].account);
}

static const struct {
    const char *title;
    const Entry *accounts;
    const char *recipients;
    const char *file;
    const char *account;
} incomplete[] = {
    {"by the recipient, although there may be other accounts", several, "north@example.edu",
     "scores.csv", "north"},
    {"by the organisation, although there may be other accounts", strict, "", "4300_1.csv", "main"},
    {"none where the only account that is known may not be the only one", alone, "", "4300_1.csv",
     NULL},
};

/* A file of accounts.d cannot be read: its account's mail must not go to the one that is left. */
static void
knows_not_all(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(SmConfig) config = make_config(incomplete[i].accounts);
    g_autoptr(SmEvent) event = sm_event_new(SM_EVENT_NAMES);
    g_autofree char *why = NULL;
    const SmAccount *account;

    config->broken = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_ptr_array_add(config->broken, g_error_new(SM_ERROR, SM_ERROR_CONFIG, "b.conf: is odd"));
    g_strfreev(event->recipients);
    event->recipients = words(incomplete[i].recipients);
    account = sm_route(config, event, incomplete[i].file, &why);
    g_assert_cmpstr(account != NULL ? account->name : NULL, ==, incomplete[i].account);
    g_assert_true(account != NULL || strstr(why, "b.conf: is odd") != NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/route/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), finds);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(envelopes); i++) {
        g_autofree char *path = g_strconcat("/route/", envelopes[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), reads_the_envelope);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(incomplete); i++) {
        g_autofree char *path = g_strconcat("/route/", incomplete[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), knows_not_all);
    }
    return g_test_run();
}
