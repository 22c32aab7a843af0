/* The table of keys: sound in itself, and the same as what scoremail.conf(5) says. */
#include <string.h>

#include "common/config/keys.h"
#include "config-fixture.h"

/* What the manual page says of one key. */
typedef struct {
    char *name;
    guint place; /* SmKeyFlags that say where it may stand */
    char *fallback;
    char *example;
    gboolean expands;
    gboolean required;
} Item;

static const struct {
    const char *section;
    guint place;
} sections[] = {
    {".Ss Keys of the program", SM_KEY_GENERAL},
    {".Ss Keys of accounts and their defaults", SM_KEY_ACCOUNT | SM_KEY_DEFAULT},
    {".Ss Keys of accounts alone", SM_KEY_ACCOUNT},
};

static void
item_free(gpointer data)
{
    Item *item = data;

    g_free(item->name);
    g_free(item->fallback);
    g_free(item->example);
    g_free(item);
}

static GStrv
read_page(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "man", "scoremail.conf.5", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(
        error); /* G_TEST_SRCDIR must name the root of the sources, as meson sets it */
    return g_strsplit(text, "\n", -1);
}

/* ".Ql VALUE ." without macro and full stop; a list too long for a line stands in a display. */
static char *
quoted(char *const *lines)
{
    g_autoptr(GString) list = g_string_new(NULL);
    const char *line = *lines;

    if (g_str_has_prefix(line, ".Bd -unfilled")) {
        while (strcmp(*++lines, ".Ed") != 0)
            g_string_append_printf(list, "%s%s", list->len > 0 ? " " : "", *lines);
        return g_strdup(list->str);
    }
    g_assert_true(g_str_has_prefix(line, ".Ql ") && g_str_has_suffix(line, " ."));
    return g_strndup(line + 4, strlen(line) - 6);
}

static Item *
item_new(const char *line, guint place)
{
    const char *name = line + strlen(".It Ic ");
    Item *item = g_new0(Item, 1);

    item->name = g_strndup(name, strcspn(name, " "));
    item->place = place;
    return item;
}

static GPtrArray *
read_items(void)
{
    g_auto(GStrv) lines = read_page();
    GPtrArray *items = g_ptr_array_new_with_free_func(item_free);
    Item *item = NULL;
    guint place = 0;

    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, ".Ss ") || g_str_has_prefix(*line, ".Sh ")) {
            place = 0;
            for (gsize i = 0; i < G_N_ELEMENTS(sections); i++)
                if (strcmp(*line, sections[i].section) == 0)
                    place = sections[i].place;
        } else if (place != 0 && g_str_has_prefix(*line, ".It Ic ")) {
            item = item_new(*line, place);
            g_ptr_array_add(items, item);
        } else if (place != 0 && item != NULL && strcmp(*line, "Default:") == 0) {
            item->fallback = quoted(line + 1);
        } else if (place != 0 && item != NULL && strcmp(*line, "Example:") == 0) {
            item->example = g_strdup(line[1] + strlen(".Dl "));
        } else if (place != 0 && item != NULL && item->example == NULL) {
            item->expands |= strcmp(*line, ".Li %{account}") == 0;
            item->required |= g_str_has_prefix(*line, "It must be set");
        }
    }
    return items;
}

static const Item *
find_item(const GPtrArray *items, const char *name)
{
    for (guint i = 0; i < items->len; i++) {
        const Item *item = items->pdata[i];

        if (strcmp(item->name, name) == 0)
            return item;
    }
    g_error("the manual page has no key \"%s\"", name);
}

static void
the_manual_has_every_key_as_it_is(void)
{
    g_autoptr(GPtrArray) items = read_items();
    gsize count;
    const SmConfigKey *keys = sm_config_keys(&count);

    for (gsize i = 0; i < count; i++) {
        const Item *item = find_item(items, keys[i].name);

        g_test_message("%s", item->name);
        g_assert_cmpuint(item->place, ==,
                         keys[i].flags & ~(guint)(SM_KEY_EXPANDS | SM_KEY_PASSWORD));
        g_assert_cmpstr(item->fallback, ==, keys[i].fallback);
        g_assert_cmpint(item->expands, ==, (keys[i].flags & SM_KEY_EXPANDS) != 0);
        g_assert_cmpint(item->required, ==, keys[i].missing != NULL);
        g_assert_nonnull(item->example);
    }
    g_assert_cmpuint(items->len, ==, count);
}

static void
assert_no_fault(const SmConfig *config)
{
    for (guint i = 0; i < config->accounts->len; i++)
        g_assert_no_error(((SmAccount *)config->accounts->pdata[i])->fault);
}

/* The line of text that begins with start, alone; NULL where there is none. Caller frees. */
static char *
only_line(const char *text, const char *start)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    char *found = NULL;

    for (char **line = lines; *line != NULL; line++)
        if (g_str_has_prefix(*line, start)) {
            g_assert_null(found);
            found = g_strdup(*line);
        }
    return found;
}

static void
the_example_has_every_key_as_it_is(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "contrib", "scoremail.conf.example", NULL);
    g_autoptr(GPtrArray) items = read_items();
    g_autofree char *text = NULL;
    g_autoptr(SmConfig) config = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (guint i = 0; i < items->len; i++) {
        const Item *item = items->pdata[i];
        const SmConfigKey *key = sm_config_key(item->name);
        g_autofree char *set = g_strconcat(item->name, " = ", NULL);
        g_autofree char *unset = g_strconcat("#", item->name, " = ", NULL);
        g_autofree char *example = g_strconcat("#", item->example, NULL);
        g_autofree char *live = only_line(text, set);
        g_autofree char *offered = only_line(text, unset);
        g_autofree char *said = g_strconcat("# ", key->description, ".", NULL);
        g_autofree char *fallback = g_strconcat(" Default: ", key->fallback, "\n", NULL);

        g_test_message("%s", item->name);
        g_assert_true((live != NULL) != (offered != NULL));
        if (offered != NULL)
            g_assert_cmpstr(offered, ==, example);
        said[2] = g_ascii_toupper(said[2]);
        g_assert_nonnull(strstr(text, said));
        if (key->fallback != NULL && strlen(key->fallback) < 60)
            g_assert_true(g_str_has_prefix(strstr(text, said) + strlen(said), fallback));
    }
    config = fixture_load(fixture, text);
    assert_no_fault(config);
}

/* An account with that line and what it needs besides. */
static char *
account_with(const char *line)
{
    g_auto(GStrv) others = g_strsplit(REST, "\n", -1);
    GString *text = g_string_new("[account main]\n");
    gsize key = strcspn(line, " ") + 1;
    g_autofree char *name = g_strndup(line, key - 1);
    gboolean is_password = (sm_config_key(name)->flags & SM_KEY_PASSWORD) != 0;

    g_string_append_printf(text, "%s\n", line);
    for (char **other = others; *other != NULL; other++)
        if (strncmp(*other, line, key) != 0 &&
            !(is_password && g_str_has_prefix(*other, "password-file")))
            g_string_append_printf(text, "%s\n", *other);
    return g_string_free(text, FALSE);
}

static void
the_manual_s_example_of_every_key_is_taken(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) items = read_items();

    for (guint i = 0; i < items->len; i++) {
        const Item *item = items->pdata[i];
        g_autofree char *start = g_strconcat(item->name, " = ", NULL);

        g_test_message("%s", item->example);
        g_assert_true(g_str_has_prefix(item->example, start));
        if ((item->place & SM_KEY_ACCOUNT) != 0) {
            g_autofree char *text = account_with(item->example);
            g_autoptr(SmConfig) config = fixture_load(fixture, text);

            assert_no_fault(config);
        }
        if (item->place != SM_KEY_ACCOUNT) {
            g_autofree char *text = g_strconcat("[scoremail]\n", item->example, "\n", MAIN, NULL);
            g_autoptr(SmConfig) config = fixture_load(fixture, text);

            assert_no_fault(config);
        }
    }
}

static void
the_manual_s_configurations_are_taken(Fixture *fixture, gconstpointer data)
{
    g_auto(GStrv) lines = read_page();
    guint found = 0;

    for (char **line = lines; *line != NULL; line++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(SmConfig) config = NULL;

        if (!g_str_has_prefix(*line, ".Bd -literal") || line[1][0] != '[')
            continue;
        while (strcmp(*++line, ".Ed") != 0)
            g_string_append_printf(text, "%s\n", *line);
        config = fixture_load(fixture, text->str);
        assert_no_fault(config);
        found++;
    }
    g_assert_cmpuint(found, ==, 4);
}

static void
every_fallback_is_a_value_that_is_taken(Fixture *fixture, gconstpointer data)
{
    gsize count;
    const SmConfigKey *keys = sm_config_keys(&count);

    for (gsize i = 0; i < count; i++) {
        g_autofree char *text = NULL;
        g_autoptr(SmConfig) config = NULL;

        if (keys[i].fallback == NULL)
            continue;
        text = g_strdup_printf("[scoremail]\n%s = %s\n" MAIN, keys[i].name, keys[i].fallback);
        config = fixture_load(fixture, text);
        assert_no_fault(config);
    }
}

static void
keys_are_unlike_each_other(void)
{
    gsize count;
    const SmConfigKey *keys = sm_config_keys(&count);

    for (gsize i = 0; i < count; i++) {
        g_assert_true(sm_config_key(keys[i].name) == &keys[i]);
        g_assert_cmpint(*keys[i].description, !=, '\0');
        g_assert_true(keys[i].fallback == NULL || keys[i].missing == NULL);
    }
}

static void
the_nearest_key_is_found(void)
{
    static const struct {
        const char *written;
        const char *meant;
    } hints[] = {
        {"usrname", "username"},
        {"user-name", "username"},
        {"Format", "format"},
        {"fromat", "format"},
        {"directoy", "directory"},
        {"dir", NULL},
        {"password", "password-file"},
        {"max-filesize", "max-file-size"},
        {"max-file", "max-file-size"},
        {"storage_hosts", "storage-hosts"},
        {"org-ids", "org-id"},
        {"recipient", "recipients"},
        {"grup", "group"},
        {"lok", "log"},
        {"x", NULL},
        {"", NULL},
        {"on_stored", "on-stored"},
        {"keepfor", "keep-for"},
        {"directory_mode", "directory-mode"},
        {"alert-mall", "alert-mail"},
        {"encrypt", "encrypt-to"},
        {"spol", "spool"},
        {"defer", "defer-for"},
        {"sender", "senders"},
        {"authserv", "authserv-id"},
        {"trusted-hop", "trusted-hops"},
        {"password_command", "password-command"},
        {"passwordevel", "passwordeval"},
        {"alert-comand", "alert-command"},
        {"password-age", NULL},
        {"hold-mails", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(hints); i++) {
        const SmConfigKey *key = sm_config_key_nearest(hints[i].written);

        g_assert_cmpstr(key != NULL ? key->name : NULL, ==, hints[i].meant);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config keys/keys are unlike each other", keys_are_unlike_each_other);
    g_test_add_func("/config keys/the nearest key is found", the_nearest_key_is_found);
    g_test_add("/config keys/every fallback is a value that is taken", Fixture, NULL,
               fixture_set_up, every_fallback_is_a_value_that_is_taken, fixture_tear_down);
    g_test_add_func("/config keys/the manual has every key as it is",
                    the_manual_has_every_key_as_it_is);
    g_test_add("/config keys/the example has every key as it is", Fixture, NULL, fixture_set_up,
               the_example_has_every_key_as_it_is, fixture_tear_down);
    g_test_add("/config keys/the manual's example of every key is taken", Fixture, NULL,
               fixture_set_up, the_manual_s_example_of_every_key_is_taken, fixture_tear_down);
    g_test_add("/config keys/the manual's configurations are taken", Fixture, NULL, fixture_set_up,
               the_manual_s_configurations_are_taken, fixture_tear_down);
    return g_test_run();
}
