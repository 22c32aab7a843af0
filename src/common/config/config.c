#include "common/config/config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/startup.h"
#include "common/config/account.h"
#include "common/config/file.h"
#include "common/config/fill.h"
#include "common/event/spool.h"

#define GENERAL_GROUP "scoremail"
#define SITE_FILE SM_SYSCONFDIR "/scoremail/scoremail.conf"
#define SITE_LEDGER SM_LOCALSTATEDIR "/lib/scoremail/ledger.db"

void
sm_config_free(SmConfig *config)
{
    if (config == NULL)
        return;
    sm_config_clear_keys(SM_KEY_GENERAL, config);
    g_free(config->file);
    g_free(config->log_file);
    g_clear_pointer(&config->accounts, g_ptr_array_unref);
    g_clear_pointer(&config->broken, g_ptr_array_unref);
    g_free(config);
}

gboolean
sm_config_is_incomplete(const SmConfig *config)
{
    return config->broken != NULL && config->broken->len > 0;
}

SmAccount *
sm_config_account(const SmConfig *config, const char *name)
{
    SM_EACH (SmAccount, account, config->accounts)
        if (strcmp(account->name, name) == 0)
            return account;
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

/* A file that may not be read counts as there: reading the site's instead would be a guess. */
static gboolean
exists(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

char *
sm_config_default_file(gboolean site)
{
    return site ? g_strdup(SITE_FILE)
                : personal_path("XDG_CONFIG_HOME", ".config", "scoremail.conf");
}

char *
sm_config_find(const char *path)
{
    g_autofree char *personal = NULL;

    if (path != NULL)
        return g_canonicalize_filename(path, NULL);
    personal = sm_config_default_file(FALSE);
    if (personal != NULL && exists(personal))
        return g_steal_pointer(&personal);
    return g_strdup(SITE_FILE);
}

/* In place of fault: names each place that was looked at, where none was asked for and there is
 * none.
 */
static void
explain_absence(const SmConfig *config, const char *path, GError **error)
{
    g_autofree char *personal = NULL;

    if (path != NULL || error == NULL || exists(config->file))
        return;
    personal = sm_config_default_file(FALSE);
    g_clear_error(error);
    sm_error_set(error, SM_ERROR_CONFIG,
                 "no configuration: neither %s nor %s exists; scorefetch setup writes one",
                 personal != NULL ? personal
                                  : "~/.config/scoremail/scoremail.conf (uid without a home)",
                 config->file);
}

char *
sm_config_default_spool(const char *file)
{
    return strcmp(file, SITE_FILE) == 0 ? g_strdup(SM_SITE_SPOOL)
                                        : personal_path("XDG_STATE_HOME", ".local/state", "spool");
}

static gboolean
default_places(SmConfig *config, GError **error)
{
    if (config->ledger == NULL)
        config->ledger = config->site
                             ? g_strdup(SITE_LEDGER)
                             : personal_path("XDG_STATE_HOME", ".local/state", "ledger.db");
    if (config->spool == NULL)
        config->spool = sm_config_default_spool(config->file);
    if (config->ledger != NULL && config->spool != NULL)
        return TRUE;
    return sm_error_set(error, SM_ERROR_CONFIG,
                        "%s: uid %u has no home directory for the %s; set %s in [scoremail]",
                        config->file, (guint)geteuid(), config->ledger == NULL ? "ledger" : "spool",
                        config->ledger == NULL ? "ledger" : "spool");
}

/* A server may want a password, from one place. */
static void
check_ledger_password(const SmConfig *config, const SmConfigGroup *general, GError **fault)
{
    if ((config->ledger_password_file != NULL) + (config->ledger_password_command != NULL) +
            (config->ledger_password_credential != NULL) >
        1)
        sm_config_complain(fault, general, general->line, NULL,
                           "has several passwords for the ledger; allowed: at most one of "
                           "ledger-password-file, ledger-password-command and "
                           "ledger-password-credential");
}

/* Reads [scoremail] (NULL: there is none): the program's own keys; the defaults on trial. */
static gboolean
read_general(SmConfig *config, const SmConfigGroup *general, GError **error)
{
    SmAccount *trial = sm_account_new("trial");
    const SmConfigKey *password = NULL;
    GError *fault = NULL;
    const SmConfigKey *keys;
    gsize count;

    if (general != NULL && general->fault != NULL)
        fault = g_error_copy(general->fault);
    if (general != NULL)
        sm_config_check_keys(general, SM_KEY_GENERAL | SM_KEY_DEFAULT, &fault);
    if (general != NULL)
        password = sm_account_password_key(general, &fault);
    keys = sm_config_keys(&count);
    for (gsize i = 0; i < count; i++) {
        if ((keys[i].flags & SM_KEY_GENERAL) != 0)
            sm_config_fill(&keys[i], general, NULL, NULL, config, &fault);
        else if (general != NULL && sm_config_entry(general, keys[i].name) != NULL &&
                 ((keys[i].flags & SM_KEY_PASSWORD) == 0 || &keys[i] == password))
            sm_config_fill(&keys[i], general, NULL, trial->name, trial, &fault);
    }
    sm_account_free(trial);
    check_ledger_password(config, general, &fault);
    return sm_error_pass(error, fault) && default_places(config, error);
}

/* Sets an error for a group that is neither an account nor, in the main file, [scoremail], which
 * becomes *general. */
static void
check_group(const SmConfigGroup *group, const char *file, const SmConfigGroup **general,
            GError **fault)
{
    const char *account = sm_account_group_name(group);

    if (account != NULL && sm_account_name_is_sound(account))
        return;
    if (account != NULL)
        sm_config_complain(fault, group, group->line, NULL,
                           "is no valid account name; allowed: 1 to 64 letters, digits, '.', "
                           "'_' and '-', not starting with '.' or '-'");
    else if (strcmp(group->name, GENERAL_GROUP) != 0)
        sm_config_complain(fault, group, group->line, NULL,
                           "is an unknown group; allowed: [scoremail] and [account NAME]");
    else if (strcmp(group->file, file) != 0)
        sm_config_complain(fault, group, group->line, NULL,
                           "belongs in %s; allowed here: "
                           "[account NAME]",
                           file);
    else if (*general != NULL)
        sm_config_complain(fault, group, group->line, NULL,
                           "is given twice, first in line %u; make one group of them",
                           (*general)->line);
    else
        *general = group;
}

/* Takes the groups of the file at path out. */
static void
drop_file(GPtrArray *groups, const char *path)
{
    for (guint i = groups->len; i > 0; i--)
        if (strcmp(((SmConfigGroup *)groups->pdata[i - 1])->file, path) == 0)
            g_ptr_array_remove_index(groups, i - 1);
}

/* Finds [scoremail]. A wrong group is a fault of the main file, or breaks the one that it is in. */
static gboolean
sort_groups(GPtrArray *groups, const char *file, const SmConfigGroup **general, GPtrArray *broken,
            GError **error)
{
    guint i = 0;

    while (i < groups->len) {
        const SmConfigGroup *group = groups->pdata[i];
        g_autofree char *path = g_strdup(group->file);
        GError *fault = NULL;

        check_group(group, file, general, &fault);
        if (fault != NULL && strcmp(path, file) == 0)
            return sm_error_pass(error, fault);
        if (fault == NULL) {
            i++;
            continue;
        }
        g_ptr_array_add(broken, fault);
        drop_file(groups, path);
        i = 0;
        *general = NULL;
    }
    return TRUE;
}

/* Two accounts of one name are ambiguous: neither is used. twins: by name, the first group and the
 * next of that name. */
static void
check_twins(GHashTable *const twins[2], const SmConfigGroup *group, SmAccount *account)
{
    const SmConfigGroup *other = g_hash_table_lookup(twins[0], group->name);

    if (other == group)
        other = g_hash_table_lookup(twins[1], group->name);
    if (other != NULL)
        sm_config_complain(&account->fault, group, group->line, NULL,
                           "is given twice, also in %s:%u; rename one of them", other->file,
                           other->line);
}

/* Two accounts in one directory would take each other's files for conflicts. owners: by directory.
 */
static void
check_directory(GHashTable *owners, const SmConfigGroup *group, SmAccount *account)
{
    const SmConfigEntry *entry = sm_config_entry(group, "directory");
    const SmAccount *other;

    if (account->directory == NULL || !account->enabled)
        return;
    other = g_hash_table_lookup(owners, account->directory);
    if (other == NULL)
        g_hash_table_insert(owners, account->directory, account);
    else
        sm_config_complain(&account->fault, group, entry != NULL ? entry->line : group->line,
                           "directory",
                           "is the directory of [account %s] too; give each account its own, "
                           "as in /srv/scores/%%{account}",
                           other->name);
}

/* In time that grows with their number alone: there may be thousands. */
static void
read_accounts(SmConfig *config, const GPtrArray *groups, const SmConfigGroup *general)
{
    g_autoptr(GHashTable) first = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) next = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) owners = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = groups->len; i-- > 0;) {
        SmConfigGroup *group = groups->pdata[i];

        if (g_hash_table_contains(first, group->name))
            g_hash_table_insert(next, group->name, g_hash_table_lookup(first, group->name));
        g_hash_table_insert(first, group->name, group);
    }
    SM_EACH (const SmConfigGroup, group, groups) {
        SmAccount *account;

        if (group == general)
            continue;
        account = sm_account_read(group, general);
        check_twins((GHashTable *[]){first, next}, group, account);
        check_directory(owners, group, account);
        g_ptr_array_add(config->accounts, account);
    }
}

static gboolean
check_accounts(const SmConfig *config, GError **error)
{
    if (config->accounts->len > 0)
        return TRUE;
    if (sm_config_is_incomplete(config))
        return sm_error_pass(error, g_error_copy(config->broken->pdata[0]));
    return sm_error_set(error, SM_ERROR_CONFIG,
                        "%s: has no account; add an [account NAME] group, see scoremail.conf(5)",
                        config->file);
}

SmConfig *
sm_config_load(const char *path, GError **error)
{
    g_autoptr(SmConfig) config = g_new0(SmConfig, 1);
    g_autoptr(GPtrArray) groups = NULL;
    const SmConfigGroup *general = NULL;

    config->accounts = g_ptr_array_new_with_free_func(sm_account_free);
    config->broken = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    config->file = sm_config_find(path);
    config->site = strcmp(config->file, SITE_FILE) == 0;
    groups = sm_config_read_files(config->file, config->broken, error);
    if (groups == NULL)
        explain_absence(config, path, error);
    if (groups == NULL || !sort_groups(groups, config->file, &general, config->broken, error) ||
        !read_general(config, general, error))
        return NULL;
    read_accounts(config, groups, general);
    return check_accounts(config, error) ? g_steal_pointer(&config) : NULL;
}

const char *
sm_format_name(SmFormat format)
{
    static const char *const names[] = {"unknown", "csv", "txt", "both", "first"};

    return names[format];
}

gboolean
sm_config_is_queued(const SmConfig *config)
{
    SM_EACH (const SmAccount, account, config->accounts)
        if (account->enabled && account->queued)
            return TRUE;
    return FALSE;
}
