#include "common/config/account.h"

#include <string.h>

#include "common/base/each.h"
#include "common/config/fill.h"

enum { ACCOUNT_NAME_MAX = 64 };

#define ACCOUNT_PREFIX "account "

const char *
sm_account_group_name(const SmConfigGroup *group)
{
    return g_str_has_prefix(group->name, ACCOUNT_PREFIX) ? group->name + strlen(ACCOUNT_PREFIX)
                                                         : NULL;
}

gboolean
sm_account_name_is_sound(const char *name)
{
    gsize length = strlen(name);

    if (length < 1 || length > ACCOUNT_NAME_MAX || name[0] == '.' || name[0] == '-')
        return FALSE;
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum(name[i]) && strchr("._-", name[i]) == NULL)
            return FALSE;
    return TRUE;
}

gboolean
sm_account_encrypts(const SmAccount *account)
{
    return account->encrypt_to != NULL && account->encrypt_to[0] != NULL;
}

SmAccount *
sm_account_new(const char *name)
{
    SmAccount *account = g_new0(SmAccount, 1);

    account->name = g_strdup(name);
    account->group = (gid_t)-1;
    return account;
}

void
sm_account_free(gpointer data)
{
    SmAccount *account = data;

    sm_config_clear_keys(SM_KEY_ACCOUNT, account);
    g_free(account->name);
    g_clear_error(&account->fault);
    g_free(account);
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
        sm_config_complain(
            &account->fault, group, group->line, "extensions",
            "lacks %s, which format = %s needs; list all wanted extensions, as in csv txt zip",
            lacking, sm_format_name(account->format));
}

static void
ensure_list(GStrv *list)
{
    if (*list == NULL)
        *list = g_new0(char *, 1);
}

#define PASSWORD_KEYS                                                                              \
    "allowed: exactly one of password-file, password-command (or passwordeval) and "               \
    "password-credential"

const SmConfigKey *
sm_account_password_key(const SmConfigGroup *group, GError **fault)
{
    const SmConfigKey *found = NULL;

    SM_EACH (const SmConfigEntry, entry, group->entries) {
        const SmConfigKey *key = sm_config_key(entry->key);

        if (key == NULL || (key->flags & SM_KEY_PASSWORD) == 0)
            continue;
        if (found != NULL) {
            sm_config_complain(fault, group, entry->line, key->name,
                               "conflicts with %s; " PASSWORD_KEYS, found->name);
            return NULL;
        }
        found = key;
    }
    return found;
}

/* The account's own source of the password replaces a default one. */
static void
read_password_source(const SmConfigGroup *group, const SmConfigGroup *defaults, SmAccount *account)
{
    const SmConfigKey *own = sm_account_password_key(group, &account->fault);
    const SmConfigKey *key = own;

    if (key == NULL && defaults != NULL)
        key = sm_account_password_key(defaults, NULL);
    if (key == NULL)
        sm_config_complain(&account->fault, group, group->line, NULL,
                           "has no password; " PASSWORD_KEYS);
    else
        sm_config_fill(key, group, own != NULL ? NULL : defaults, account->name, account,
                       &account->fault);
}

GStrv
sm_account_places(const SmAccount *account)
{
    const char *all[] = {account->directory, account->password_file, account->ca_file,
                         account->gnupg_home};
    g_autoptr(GStrvBuilder) places = g_strv_builder_new();

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i] != NULL)
            g_strv_builder_add(places, all[i]);
    return g_strv_builder_end(places);
}

SmAccount *
sm_account_read(const SmConfigGroup *group, const SmConfigGroup *defaults)
{
    SmAccount *account = sm_account_new(sm_account_group_name(group));
    const SmConfigKey *keys;
    gsize count;

    account->fault = group->fault != NULL ? g_error_copy(group->fault) : NULL;
    sm_config_check_keys(group, SM_KEY_ACCOUNT, &account->fault);
    read_password_source(group, defaults, account);
    keys = sm_config_keys(&count);
    for (gsize i = 0; i < count; i++)
        if ((keys[i].flags & (SM_KEY_ACCOUNT | SM_KEY_PASSWORD)) == SM_KEY_ACCOUNT)
            sm_config_fill(&keys[i], group, defaults, account->name, account, &account->fault);
    ensure_list(&account->extensions);
    ensure_list(&account->recipients);
    ensure_list(&account->senders);
    ensure_list(&account->org_ids);
    ensure_list(&account->storage_hosts);
    ensure_list(&account->encrypt_to);
    check_extensions(group, account);
    return account;
}
