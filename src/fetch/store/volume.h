/*
 * Which directory an account's is. A share that is not mounted leaves its mount
 * point, a directory like any other on the local disk: what is stored there is
 * hidden by the next mount, and what was stored seems to be gone.
 *
 * With directory-id, and always where the ledger lies on a server, the ledger gives the directory
 * an id, which is kept in it; one without that id, or with another, is not used.
 *
 * Else the ledger remembers the type of the file system and how many others lie
 * between it and the root; both stay the same over restarts and new mounts of
 * the same share, where device numbers do not. Within one boot it remembers
 * the file system's own id too, if that has one.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"
#include "fetch/store/store.h"

#define SM_DIRECTORY_ID ".scoremail-id"

/*
 * Whether the directory is the one it was before, or was never seen. SM_ERROR_VOLUME if not,
 * SM_ERROR_DIRECTORY, SM_ERROR_LEDGER.
 */
gboolean sm_volume_compare(SmLedger *ledger, const SmAccount *account, const SmStore *store,
                           GError **error);

/* The same; also records a new directory, or gives it its id. SM_ERROR_VOLUME, SM_ERROR_DIRECTORY,
 * SM_ERROR_LEDGER, SM_ERROR_BUSY. */
gboolean sm_volume_check(SmLedger *ledger, const SmAccount *account, SmStore *store,
                         GError **error);

/* Records the directory as it is now, whatever was recorded; with directory-id by its id, or a new
 * one. SM_ERROR_DIRECTORY, SM_ERROR_LEDGER, SM_ERROR_BUSY. */
gboolean sm_volume_adopt(SmLedger *ledger, const SmAccount *account, SmStore *store,
                         GError **error);
