/*
 * Makes a stored file of a verified, synced part, also after a crash at any point: the row is
 * `placing` before the part gets its name, and `stored` after the directory is synced.
 */
#pragma once

#include <glib.h>

#include "fetch/rows/updates.h"
#include "fetch/store/store.h"

typedef enum {
    SM_PLACE_STORED,
    SM_PLACE_CORRECTED, /* a correction; the older version is kept */
    SM_PLACE_ADOPTED,   /* a file with the same bytes existed */
    SM_PLACE_CONFLICT,  /* a file with other bytes exists: recorded, and the part removed */
    SM_PLACE_LOST,      /* neither part nor file exists: fetch again */
    SM_PLACE_FAILED,    /* error is set */
} SmPlaceResult;

/*
 * Finishes file, whose row is `placing`. If neither part nor file exists, an importer may have
 * taken either: SM_PLACE_LOST, since fetching twice is better than losing the file.
 * SM_ERROR_DIRECTORY, SM_ERROR_LEDGER.
 */
SmPlaceResult sm_place(SmLedger *ledger, SmStore *store, SmFile *file, GError **error);

/*
 * As sm_store_match() for target, a name that file has or gets. SM_MATCH_OTHER also if the file
 * system ignores case and another row has the file. SM_MATCH_ERROR with SM_ERROR_DIRECTORY,
 * SM_ERROR_LEDGER.
 */
SmMatch sm_place_match(SmLedger *ledger, SmStore *store, const SmFile *file, const char *target,
                       SmContent content, GError **error);

/*
 * Names this boot of this host and this directory: what was found in the one
 * says nothing in another, where unsynced data may be gone, or where an unmounted
 * share left an empty directory; a boot whose id cannot be read is like no other.
 * Caller frees.
 */
char *sm_place_boot_id(const SmStore *store);
