/*
 * Which file system an account's directory lies on. A share that is not mounted
 * leaves its mount point, a directory like any other on the local disk: what is
 * stored there is hidden by the next mount, and what was stored seems to be gone.
 *
 * The ledger remembers the type of the file system and how many others lie
 * between it and the root; both stay the same over restarts and new mounts of
 * the same share, where device numbers do not. Within one boot it remembers
 * the file system's own id too, if that has one.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"
#include "fetch/store/store.h"

/*
 * Whether the directory is on the file system that it was on before, or nothing
 * is known of it: then FALSE with SM_ERROR_DIRECTORY. SM_ERROR_LEDGER.
 */
gboolean sm_volume_compare(SmLedger *ledger, const char *account, const SmStore *store,
                           GError **error);

/* The same, and remembers where the directory is where it is not another one. SM_ERROR_DIRECTORY,
 * SM_ERROR_LEDGER. */
gboolean sm_volume_check(SmLedger *ledger, const char *account, const SmStore *store,
                         GError **error);

/* Remembers where the directory is now, whatever was known. SM_ERROR_DIRECTORY, SM_ERROR_LEDGER. */
gboolean sm_volume_adopt(SmLedger *ledger, const char *account, const SmStore *store,
                         GError **error);
