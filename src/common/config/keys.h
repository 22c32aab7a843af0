/*
 * The one table of keys: where each may stand, how its value is read, where it
 * goes, and what holds when it is missing. The reader, its hints and the
 * comparison with scoremail.conf(5) all go by it.
 */
#pragma once

#include <glib.h>

#include "common/config/values.h"

typedef enum {
    SM_KEY_GENERAL = 1 << 0,  /* in [scoremail], for the whole program: offset into SmConfig */
    SM_KEY_ACCOUNT = 1 << 1,  /* in [account NAME]: offset into SmAccount */
    SM_KEY_DEFAULT = 1 << 2,  /* with SM_KEY_ACCOUNT: in [scoremail] too, for all accounts */
    SM_KEY_EXPANDS = 1 << 3,  /* %{account} is replaced */
    SM_KEY_PASSWORD = 1 << 4, /* a source of the password; an account has exactly one */
} SmKeyFlags;

typedef struct {
    const char *name;
    guint flags; /* SmKeyFlags */
    const SmValue *value;
    gsize offset;
    const char *fallback; /* the default, as one would write it; NULL: none */
    const char *missing;  /* the error if the key is absent; NULL: it is optional */
    const char *description;
} SmConfigKey;

/* The table, in the order in which keys are read; *count is its length. */
const SmConfigKey *sm_config_keys(gsize *count);

/* The key of that name, or NULL. */
const SmConfigKey *sm_config_key(const char *name);

/* The known key that is nearest to an unknown name; NULL if none is near. */
const SmConfigKey *sm_config_key_nearest(const char *name);
