#include "fetch/setup/draft.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/cleanup.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/text.h"
#include "common/config/account.h"
#include "common/config/file.h"
#include "common/config/keys.h"
#include "common/config/lines.h"
#include "common/config/places.h"
#include "fetch/setup/edit.h"

#define GENERAL "scoremail"

/* An account with all that it must have, but for its password. */
#define TRIAL "[account trial]\nusername = u\ndirectory = /d\nformat = csv\n"

#define NEW_TEXT                                                                                   \
    "# scoremail's configuration. scoremail.conf(5) describes every key; scorefetch setup edits\n" \
    "# this file, and leaves alone what it does not ask for.\n"

void
sm_draft_free(SmDraft *draft)
{
    g_free(draft->file);
    g_free(draft->text);
    g_free(draft->account);
    g_free(draft->account_file);
    g_free(draft->account_text);
    g_free(draft);
}

static char *
group_of(const SmDraft *draft)
{
    return g_strdup_printf("account %s", draft->account);
}

/* A text for reading: what is not there yet is empty. */
static char *
read_text(const char *file, GError **error)
{
    GString *text;

    if (access(file, F_OK) < 0 && errno == ENOENT)
        return g_strdup("");
    text = sm_config_read_text(file, error);
    return text != NULL ? g_string_free(text, FALSE) : NULL;
}

/* Chooses the account among groups, and says in draft where its group is. */
static gboolean
choose(SmDraft *draft, const GPtrArray *groups, const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const SmConfigGroup *found = NULL;
    guint count = 0;

    SM_EACH (const SmConfigGroup, group, groups) {
        const char *account = sm_account_group_name(group);

        if (account == NULL)
            continue;
        g_string_append_printf(names, "%s%s", count++ > 0 ? ", " : "", account);
        if (name == NULL || strcmp(account, name) == 0)
            found = group;
    }
    if (name == NULL && count > 1)
        return sm_error_set(error, SM_ERROR_USAGE, "which account? add --account NAME: %s",
                            names->str);
    draft->account = g_strdup(found != NULL  ? sm_account_group_name(found)
                              : name != NULL ? name
                                             : "main");
    draft->account_file = g_strdup(found != NULL ? found->file : draft->file);
    draft->others = count > (found != NULL ? 1 : 0);
    if (sm_account_name_is_sound(draft->account))
        return TRUE;
    return sm_error_set(
        error, SM_ERROR_USAGE,
        "--account is no valid name; allowed: 1 to 64 letters, digits, '.', '_' and '-'");
}

static GPtrArray *
read_groups(const SmDraft *draft, GError **error)
{
    g_autoptr(GPtrArray) broken = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    g_autoptr(GPtrArray) groups = NULL;

    if (*draft->text == '\0' && !g_file_test(draft->file, G_FILE_TEST_EXISTS))
        return g_ptr_array_new();
    groups = sm_config_read_files(draft->file, broken, error);
    if (groups == NULL || broken->len == 0)
        return g_steal_pointer(&groups);
    g_propagate_error(error, g_error_copy(broken->pdata[0]));
    return NULL;
}

SmDraft *
sm_draft_open(const char *file, const char *name, GError **error)
{
    g_autoptr(SmDraft) draft = g_new0(SmDraft, 1);
    g_autoptr(GPtrArray) groups = NULL;

    draft->file = g_strdup(file);
    draft->text = read_text(file, error);
    if (draft->text == NULL || (groups = read_groups(draft, error)) == NULL ||
        !choose(draft, groups, name, error))
        return NULL;
    if (strcmp(draft->account_file, draft->file) != 0 &&
        (draft->account_text = read_text(draft->account_file, error)) == NULL)
        return NULL;
    if (*draft->text == '\0') {
        g_free(draft->text);
        draft->text = g_strdup(NEW_TEXT);
    }
    return g_steal_pointer(&draft);
}

/* The text that has the account's group. */
static char **
account_text(SmDraft *draft)
{
    return draft->account_text != NULL ? &draft->account_text : &draft->text;
}

char *
sm_draft_get(const SmDraft *draft, const char *key)
{
    const SmConfigKey *known = sm_config_key(key);
    g_autofree char *group = group_of(draft);
    char *own = NULL;

    if (known == NULL || (known->flags & SM_KEY_ACCOUNT) != 0)
        own = sm_edit_value(*account_text((SmDraft *)draft), group, key);
    if (own == NULL && known != NULL && (known->flags & (SM_KEY_GENERAL | SM_KEY_DEFAULT)) != 0)
        own = sm_edit_value(draft->text, GENERAL, key);
    return own;
}

void
sm_draft_set(SmDraft *draft, const char *key, const char *value)
{
    const SmConfigKey *known = sm_config_key(key);
    gboolean general = known != NULL && (known->flags & SM_KEY_ACCOUNT) == 0;
    g_autofree char *present = sm_draft_get(draft, key);
    g_autofree char *group = general ? g_strdup(GENERAL) : group_of(draft);
    char **text = general ? &draft->text : account_text(draft);
    const char *wanted = value != NULL && *value != '\0' ? value : NULL;
    char *edited;

    if (g_strcmp0(present, wanted) == 0)
        return;
    edited = sm_edit_set(*text, group, key, wanted);
    g_free(*text);
    *text = edited;
}

/* Loads text as if it lay in a file; a fault has no file and line. */
static SmConfig *
load(const char *text, GError **error)
{
    sm_autofd int fd = memfd_create("scoremail.conf", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

    if (fd < 0 || fchmod(fd, 0600) < 0 || !sm_write_all(fd, text, strlen(text)))
        return sm_error_null_errno(error, SM_ERROR_CONFIG, "no memory for a configuration");
    return sm_config_load(path, error);
}

/* message without "FILE:LINE: [account x] KEY: ". */
static const char *
without_place(const char *message, const char *key)
{
    g_autofree char *mark = g_strdup_printf(" %s: ", key);
    const char *found = strstr(message, mark);

    return found != NULL ? found + strlen(mark) : message;
}

gboolean
sm_draft_check(const char *key, const char *value, GError **error)
{
    const SmConfigKey *known = sm_config_key(key);
    guint flags = known != NULL ? known->flags : 0;
    const char *text = (flags & SM_KEY_PASSWORD) != 0 ? TRIAL : TRIAL "password-file = /p\n";
    g_autofree char *edited = NULL;
    g_autoptr(GError) fault = NULL;
    g_autoptr(SmConfig) config = NULL;
    const GError *own;

    if (*value == '\0' || known == NULL)
        return TRUE;
    if (!sm_text_is_clean(value, strlen(value)))
        return sm_error_set(error, SM_ERROR_CONFIG,
                            "has control or invisible characters, or is no UTF-8");
    edited =
        sm_edit_set(text, (flags & SM_KEY_ACCOUNT) != 0 ? "account trial" : GENERAL, key, value);
    config = load(edited, &fault);
    own = config != NULL ? ((const SmAccount *)config->accounts->pdata[0])->fault : fault;
    if (own == NULL)
        return TRUE;
    return sm_error_set(error, SM_ERROR_CONFIG, "%s", without_place(own->message, key));
}

/* Adds what [group] of text sets of known keys, as flags has them. */
static void
add_known(GString *trial, const char *text, const char *group, guint flags)
{
    gsize count;
    const SmConfigKey *keys = sm_config_keys(&count);

    g_string_append_printf(trial, "[%s]\n", group);
    for (gsize i = 0; i < count; i++) {
        g_autofree char *value =
            (keys[i].flags & flags) != 0 ? sm_edit_value(text, group, keys[i].name) : NULL;

        if (value != NULL)
            g_string_append_printf(trial, "%s = %s\n", keys[i].name, value);
    }
}

SmConfig *
sm_draft_try(const SmDraft *draft, GError **error)
{
    g_autoptr(GString) trial = g_string_new(NULL);
    g_autofree char *group = group_of(draft);
    g_autoptr(SmConfig) config = NULL;
    const SmAccount *account;

    add_known(trial, draft->text, GENERAL, SM_KEY_GENERAL | SM_KEY_DEFAULT);
    add_known(trial, *account_text((SmDraft *)draft), group, SM_KEY_ACCOUNT);
    config = load(trial->str, error);
    if (config == NULL)
        return NULL;
    account = config->accounts->pdata[0];
    if (account->fault == NULL)
        return g_steal_pointer(&config);
    g_propagate_error(error, g_error_copy(account->fault));
    return NULL;
}

static void
add_general(const SmDraft *draft, GPtrArray *found)
{
    static const struct {
        const char *key;
        gboolean file;
    } keys[] = {{"ledger", TRUE}, {"log", TRUE}, {"spool", FALSE}};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *value = sm_edit_value(draft->text, GENERAL, keys[i].key);

        if (value != NULL && *value == '/')
            g_ptr_array_add(found, keys[i].file ? g_path_get_dirname(value) : g_strdup(value));
    }
}

GStrv
sm_draft_directories(const SmDraft *draft)
{
    static const char *const keys[] = {"directory", "gnupg-home"};
    GPtrArray *found = g_ptr_array_new();
    g_autoptr(GPtrArray) groups = read_groups(draft, NULL); /* with the other accounts */

    add_general(draft, found);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *own = sm_draft_get(draft, keys[i]);
        g_autofree char *shared = sm_edit_value(draft->text, GENERAL, keys[i]);

        if (own != NULL)
            g_ptr_array_add(found, sm_value_expand(own, draft->account));
        SM_EACH (const SmConfigGroup, group, groups) {
            const char *name = sm_account_group_name(group);
            const SmConfigEntry *entry = sm_config_entry(group, keys[i]);
            const char *value = entry != NULL ? entry->value : shared;

            if (name != NULL && strcmp(name, draft->account) != 0 && value != NULL)
                g_ptr_array_add(found, sm_value_expand(value, name));
        }
    }
    g_ptr_array_add(found, NULL);
    return (GStrv)g_ptr_array_free(found, FALSE);
}

void
sm_draft_plan(const SmDraft *draft, SmPlan *plan, mode_t mode)
{
    sm_plan_file(plan, draft->file, draft->text, mode);
    if (draft->account_text != NULL)
        sm_plan_file(plan, draft->account_file, draft->account_text, mode);
}
