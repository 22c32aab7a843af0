#include "common/config/fill.h"

#include "common/base/each.h"
#include "common/base/text.h"
#include "common/config/places.h"

/* Reads text as key's value into the struct at base. */
static gboolean
set_value(const SmConfigKey *key, const char *text, const char *account, void *base, GError **error)
{
    gboolean expands = account != NULL && (key->flags & SM_KEY_EXPANDS) != 0;
    g_autofree char *expanded = expands ? sm_value_expand(text, account) : g_strdup(text);

    return sm_value_read(key->value, expanded, (char *)base + key->offset, error);
}

void
sm_config_fill(const SmConfigKey *key, const SmConfigGroup *group, const SmConfigGroup *defaults,
               const char *account, void *base, GError **fault)
{
    const SmConfigGroup *source = group;
    const SmConfigEntry *entry = group != NULL ? sm_config_entry(group, key->name) : NULL;
    g_autoptr(GError) error = NULL;

    if (entry == NULL && defaults != NULL && (key->flags & SM_KEY_DEFAULT) != 0) {
        entry = sm_config_entry(defaults, key->name);
        source = defaults;
    }
    if (entry != NULL && !set_value(key, entry->value, account, base, &error))
        sm_config_complain(fault, source, entry->line, key->name, "%s", error->message);
    else if (entry == NULL && key->fallback != NULL)
        set_value(key, key->fallback, account, base, NULL);
    else if (entry == NULL && group != NULL && key->missing != NULL)
        sm_config_complain(fault, group, group->line, key->name, "%s", key->missing);
}

void
sm_config_clear_keys(guint flags, void *base)
{
    gsize count;
    const SmConfigKey *keys = sm_config_keys(&count);

    for (gsize i = 0; i < count; i++)
        if ((keys[i].flags & flags) != 0 && keys[i].value->free != NULL)
            g_clear_pointer(&G_STRUCT_MEMBER(gpointer, base, keys[i].offset), keys[i].value->free);
}

void
sm_config_check_keys(const SmConfigGroup *group, guint allowed, GError **fault)
{
    SM_EACH (const SmConfigEntry, entry, group->entries) {
        const SmConfigKey *key = sm_config_key(entry->key);
        const SmConfigKey *meant = key == NULL ? sm_config_key_nearest(entry->key) : NULL;
        g_autofree char *shown = NULL;

        if (key != NULL && (key->flags & allowed) != 0)
            continue;
        shown = sm_text_clean(entry->key, SM_TEXT_SHOWN_MAX);
        if (meant != NULL)
            sm_config_complain(fault, group, entry->line, shown,
                               "is an unknown key; did you mean %s?", meant->name);
        else
            sm_config_complain(fault, group, entry->line, shown, "%s",
                               key == NULL ? "is an unknown key; scoremail.conf(5) lists all keys"
                               : allowed == SM_KEY_ACCOUNT
                                   ? "is a setting of the whole program; move it to [scoremail]"
                                   : "is a setting of one account; move it to an [account NAME]");
    }
}
