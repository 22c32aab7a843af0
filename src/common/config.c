#include "config.h"

#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "config-file.h"
#include "config-keys.h"
#include "config-lines.h"
#include "error.h"
#include "startup.h"
#include "text.h"

enum { ACCOUNT_NAME_MAX = 64, SHOWN_MAX = 60 };

#define GENERAL_GROUP "scoremail"
#define ACCOUNT_PREFIX "account "
#define SITE_FILE SM_SYSCONFDIR "/scoremail/scoremail.conf"
#define SITE_LEDGER SM_LOCALSTATEDIR "/lib/scoremail/ledger.db"

static SmAccount *
account_new(const char *name)
{
    SmAccount *account = g_new0(SmAccount, 1);

    account->name = g_strdup(name);
    account->group = (gid_t)-1;
    return account;
}

static void
account_free(gpointer data)
{
    SmAccount *account = data;

    g_free(account->name);
    g_clear_error(&account->fault);
    g_free(account->username);
    g_free(account->password_file);
    g_free(account->directory);
    g_strfreev(account->extensions);
    g_strfreev(account->recipients);
    g_strfreev(account->org_ids);
    g_free(account->service_url);
    g_strfreev(account->storage_hosts);
    g_free(account->ca_file);
    g_free(account->proxy);
    g_free(account);
}

void
sm_config_free(SmConfig *config)
{
    if (config == NULL)
        return;
    g_free(config->file);
    g_free(config->ledger);
    g_free(config->log_file);
    g_ptr_array_unref(config->accounts);
    g_free(config);
}

SmAccount *
sm_config_account(const SmConfig *config, const char *name)
{
    for (guint i = 0; i < config->accounts->len; i++) {
        SmAccount *account = config->accounts->pdata[i];

        if (strcmp(account->name, name) == 0)
            return account;
    }
    return NULL;
}

/* $variable/scoremail/name, where the variable holds an absolute path, else in the home directory.
 */
static char *
personal_path(const char *variable, const char *in_home, const char *name)
{
    const char *base = g_getenv(variable);
    g_autofree char *home = NULL;

    if (base != NULL && g_path_is_absolute(base))
        return g_build_filename(base, "scoremail", name, NULL);
    home = sm_startup_home();
    return home != NULL ? g_build_filename(home, in_home, "scoremail", name, NULL) : NULL;
}

char *
sm_config_find(const char *path)
{
    g_autofree char *personal = NULL;

    if (path != NULL)
        return g_canonicalize_filename(path, NULL);
    personal = personal_path("XDG_CONFIG_HOME", ".config", "scoremail.conf");
    if (personal != NULL && access(personal, F_OK) == 0)
        return g_steal_pointer(&personal);
    return g_strdup(SITE_FILE);
}

/* Reads text as key's value into the struct at base; account is for %{account}. */
static gboolean
set_value(const SmConfigKey *key, const char *text, const char *account, void *base, GError **error)
{
    gboolean expands = (key->flags & SM_KEY_EXPANDS) != 0;
    gboolean is_path = expands || key->parse == sm_value_path;
    g_autofree char *expanded =
        is_path ? sm_value_expand(text, expands ? account : NULL, error) : g_strdup(text);

    return expanded != NULL && key->parse(expanded, (char *)base + key->offset, error);
}

/*
 * Sets what key says: in its own group, else among the defaults (NULL: none),
 * else by the table. The first mistake goes to fault.
 */
static void
apply(const SmConfigKey *key, const SmConfigGroup *own, const SmConfigGroup *defaults,
      const char *account, void *base, GError **fault)
{
    const SmConfigGroup *source = own;
    const SmConfigEntry *entry = own != NULL ? sm_config_entry(own, key->name) : NULL;
    g_autoptr(GError) error = NULL;
    const char *text;

    if (entry == NULL && defaults != NULL && (key->flags & SM_KEY_DEFAULT) != 0) {
        entry = sm_config_entry(defaults, key->name);
        source = defaults;
    }
    text = entry != NULL ? entry->value : key->fallback;
    if (text == NULL && key->missing != NULL)
        sm_config_complain(fault, own, own->line, key->name, "%s", key->missing);
    else if (text != NULL && !set_value(key, text, account, base, &error))
        sm_config_complain(fault, source, entry != NULL ? entry->line : source->line, key->name,
                           "%s", error->message);
}

/* Complains of keys that nobody knows, or that stand where they mean nothing. */
static void
check_keys(const SmConfigGroup *group, guint allowed, GError **fault)
{
    for (guint i = 0; i < group->entries->len; i++) {
        const SmConfigEntry *entry = group->entries->pdata[i];
        const SmConfigKey *key = sm_config_key(entry->key);
        const SmConfigKey *meant = key == NULL ? sm_config_key_nearest(entry->key) : NULL;
        g_autofree char *shown = sm_text_clean(entry->key, SHOWN_MAX);

        if (key != NULL && (key->flags & allowed) != 0)
            continue;
        if (key != NULL && allowed == SM_KEY_ACCOUNT)
            sm_config_complain(fault, group, entry->line, shown,
                               "holds for the whole program and belongs in [scoremail]");
        else if (key != NULL)
            sm_config_complain(fault, group, entry->line, shown,
                               "is different for each account and belongs in an [account NAME]");
        else if (meant != NULL)
            sm_config_complain(fault, group, entry->line, shown,
                               "is not known to this version; did you mean %s?", meant->name);
        else
            sm_config_complain(fault, group, entry->line, shown,
                               "is not known to this version; scoremail.conf(5) lists all keys");
    }
}

/* Reads [scoremail] (NULL: there is none): the program's own keys, and whether the defaults are
 * sound. */
static gboolean
read_general(SmConfig *config, const SmConfigGroup *general, GError **error)
{
    SmAccount *trial = account_new("trial");
    GError *fault = general != NULL && general->fault != NULL ? g_error_copy(general->fault) : NULL;
    const SmConfigKey *key;
    gsize count;

    if (general != NULL)
        check_keys(general, SM_KEY_GENERAL | SM_KEY_DEFAULT, &fault);
    key = sm_config_keys(&count);
    for (; count > 0; count--, key++) {
        if ((key->flags & SM_KEY_GENERAL) != 0)
            apply(key, general, NULL, NULL, config, &fault);
        else if (general != NULL && sm_config_entry(general, key->name) != NULL)
            apply(key, general, NULL, trial->name, trial, &fault);
    }
    account_free(trial);
    if (fault == NULL && config->ledger == NULL)
        config->ledger = config->site
                             ? g_strdup(SITE_LEDGER)
                             : personal_path("XDG_STATE_HOME", ".local/state", "ledger.db");
    if (fault == NULL && config->ledger == NULL)
        g_set_error(&fault, SM_ERROR, SM_ERROR_CONFIG,
                    "%s: uid %u has no home directory for the ledger; set ledger in [scoremail]",
                    config->file, (guint)geteuid());
    if (fault != NULL)
        g_propagate_error(error, fault);
    return fault == NULL;
}

/* The same data comes twice: an extension that format asks for must not be refused before. */
static void
check_extensions(const SmConfigGroup *group, SmAccount *account)
{
    const char *const *extensions = (const char *const *)account->extensions;
    const char *lacking = NULL;

    if (account->format == 0 || extensions[0] == NULL)
        return;
    if (account->format != SM_FORMAT_TXT && !g_strv_contains(extensions, "csv"))
        lacking = "csv";
    else if (account->format != SM_FORMAT_CSV && !g_strv_contains(extensions, "txt"))
        lacking = "txt";
    if (lacking != NULL)
        sm_config_complain(&account->fault, group, group->line, "extensions",
                           "leaves out %s, which format = %s asks for; the list names all "
                           "extensions that are wanted, as in csv txt zip",
                           lacking, sm_format_name(account->format));
}

static void
ensure_list(GStrv *list)
{
    if (*list == NULL)
        *list = g_new0(char *, 1);
}

static SmAccount *
read_account(const SmConfigGroup *group, const SmConfigGroup *general)
{
    SmAccount *account = account_new(group->name + strlen(ACCOUNT_PREFIX));
    const SmConfigKey *key;
    gsize count;

    account->fault = group->fault != NULL ? g_error_copy(group->fault) : NULL;
    check_keys(group, SM_KEY_ACCOUNT, &account->fault);
    key = sm_config_keys(&count);
    for (; count > 0; count--, key++)
        if ((key->flags & SM_KEY_ACCOUNT) != 0)
            apply(key, group, general, account->name, account, &account->fault);
    ensure_list(&account->extensions);
    ensure_list(&account->recipients);
    ensure_list(&account->org_ids);
    ensure_list(&account->storage_hosts);
    check_extensions(group, account);
    return account;
}

/* Two accounts in one directory would take each other's files for conflicts. */
static void
check_directory(const SmConfig *config, const SmConfigGroup *group, SmAccount *account)
{
    if (account->directory == NULL || !account->enabled)
        return;
    for (guint i = 0; i < config->accounts->len; i++) {
        const SmAccount *other = config->accounts->pdata[i];

        if (other->enabled && g_strcmp0(other->directory, account->directory) == 0)
            sm_config_complain(&account->fault, group, group->line, "directory",
                               "is the directory of [account %s] too; give each account its own, "
                               "as in /srv/scores/%%{account}",
                               other->name);
    }
}

static gboolean
is_account_name(const char *name)
{
    gsize length = strlen(name);

    if (length < 1 || length > ACCOUNT_NAME_MAX || name[0] == '.' || name[0] == '-')
        return FALSE;
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum(name[i]) && strchr("._-", name[i]) == NULL)
            return FALSE;
    return TRUE;
}

/* Finds [scoremail] among the groups; FALSE for groups that nobody knows and names that won't do.
 */
static gboolean
check_groups(const GPtrArray *groups, const char *file, const SmConfigGroup **general,
             GError **error)
{
    GError *fault = NULL;

    for (guint i = 0; i < groups->len && fault == NULL; i++) {
        const SmConfigGroup *group = groups->pdata[i];
        gboolean is_account = g_str_has_prefix(group->name, ACCOUNT_PREFIX);

        if (is_account && !is_account_name(group->name + strlen(ACCOUNT_PREFIX)))
            sm_config_complain(&fault, group, group->line, NULL,
                               "is no name for an account; allowed: 1 to 64 letters, digits, '.', "
                               "'_' and '-', starting with a letter, a digit or '_'");
        else if (is_account)
            continue;
        else if (strcmp(group->name, GENERAL_GROUP) != 0)
            sm_config_complain(&fault, group, group->line, NULL,
                               "is no group that is known; allowed: [scoremail] and [account "
                               "NAME]");
        else if (strcmp(group->file, file) != 0)
            sm_config_complain(&fault, group, group->line, NULL, "may stand in %s only", file);
        else if (*general != NULL)
            sm_config_complain(&fault, group, group->line, NULL,
                               "is given twice, first in line %u; make one group of them",
                               (*general)->line);
        else
            *general = group;
    }
    if (fault != NULL)
        g_propagate_error(error, fault);
    return fault == NULL;
}

static void
read_accounts(SmConfig *config, const GPtrArray *groups, const SmConfigGroup *general)
{
    for (guint i = 0; i < groups->len; i++) {
        const SmConfigGroup *group = groups->pdata[i];
        SmAccount *twin;

        if (group == general)
            continue;
        twin = sm_config_account(config, group->name + strlen(ACCOUNT_PREFIX));
        if (twin != NULL) {
            sm_config_complain(&twin->fault, group, group->line, NULL,
                               "is given twice; give one of the accounts another name");
        } else {
            SmAccount *account = read_account(group, general);

            check_directory(config, group, account);
            g_ptr_array_add(config->accounts, account);
        }
    }
}

SmConfig *
sm_config_load(const char *path, GError **error)
{
    g_autoptr(SmConfig) config = g_new0(SmConfig, 1);
    g_autoptr(GPtrArray) groups = NULL;
    const SmConfigGroup *general = NULL;

    config->accounts = g_ptr_array_new_with_free_func(account_free);
    config->file = sm_config_find(path);
    config->site = strcmp(config->file, SITE_FILE) == 0;
    groups = sm_config_read_files(config->file, error);
    if (groups == NULL || !check_groups(groups, config->file, &general, error) ||
        !read_general(config, general, error))
        return NULL;
    read_accounts(config, groups, general);
    if (config->accounts->len == 0) {
        g_set_error(error, SM_ERROR, SM_ERROR_CONFIG,
                    "%s: there is no account in it; write at least one [account NAME], as "
                    "scoremail.conf(5) shows",
                    config->file);
        return NULL;
    }
    return g_steal_pointer(&config);
}

const char *
sm_format_name(SmFormat format)
{
    switch (format) {
    case SM_FORMAT_CSV:
        return "csv";
    case SM_FORMAT_TXT:
        return "txt";
    case SM_FORMAT_BOTH:
        return "both";
    case SM_FORMAT_FIRST:
        return "first";
    }
    return "unknown";
}
