/*
 * What the ledger knows besides its rows, by name: the table of keys.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

/* *value becomes what is kept under that name, NULL where nothing is. Caller frees.
 * SM_ERROR_LEDGER. */
gboolean sm_keys_get(SmLedger *ledger, const char *name, char **value, GError **error);

/* Keeps value under that name. SM_ERROR_LEDGER. */
gboolean sm_keys_set(SmLedger *ledger, const char *name, const char *value, GError **error);

/* Keeps value where before is what is kept (NULL: nothing is); *changed: it was. SM_ERROR_LEDGER.
 */
gboolean sm_keys_change(SmLedger *ledger, const char *name, const char *before, const char *value,
                        gboolean *changed, GError **error);

/* *value becomes the time, in seconds since 1970, that is kept under that name; 0 where none is.
 * SM_ERROR_LEDGER. */
gboolean sm_keys_get_time(SmLedger *ledger, const char *name, gint64 *value, GError **error);

/* Keeps a time under that name. SM_ERROR_LEDGER. */
gboolean sm_keys_set_time(SmLedger *ledger, const char *name, gint64 value, GError **error);
