/*
 * From a group's entries into the members of a struct, by the table of keys.
 * Mistakes go to *fault as sm_config_complain() words them; the first one stays.
 */
#pragma once

#include <glib.h>

#include "common/config/keys.h"
#include "common/config/lines.h"

/* Sets an error for unknown keys, and for keys without any of the allowed SmKeyFlags.
 * SM_ERROR_CONFIG. */
void sm_config_check_keys(const SmConfigGroup *group, guint allowed, GError **fault);

/*
 * Sets what key says into the struct at base: by group, else, where the key
 * allows it, by defaults, else by the table's fallback. group, defaults (there
 * are none) and account (no %{account} to replace) may be NULL. SM_ERROR_CONFIG.
 */
void sm_config_fill(const SmConfigKey *key, const SmConfigGroup *group,
                    const SmConfigGroup *defaults, const char *account, void *base, GError **fault);

/* Frees what the keys with any of the SmKeyFlags have set in the struct at base. */
void sm_config_clear_keys(guint flags, void *base);
