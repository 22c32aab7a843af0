/*
 * From a verified, synced part to a stored file, and the same again after a
 * crash at any point of it: the row says `placing` before the part gets its
 * name and `stored` after the directory is on the disk.
 */
#pragma once

#include <glib.h>

#include "fetch/rows/updates.h"
#include "fetch/store/store.h"

typedef enum {
    SM_PLACE_STORED,
    SM_PLACE_CORRECTED, /* a re-post: the older version is kept */
    SM_PLACE_ADOPTED,   /* the same bytes were there already */
    SM_PLACE_CONFLICT,  /* other bytes are there: settled as such, the part is gone */
    SM_PLACE_LOST,      /* neither part nor file is there: to be fetched anew */
    SM_PLACE_FAILED,    /* error is set */
} SmPlaceResult;

/*
 * Takes file, whose row is `placing`, to its end. Where neither part nor file is
 * there, nobody can tell whether an importer took the file or the part: it is
 * SM_PLACE_LOST, since what is fetched twice is better than what is nowhere.
 * SM_ERROR_DIRECTORY, SM_ERROR_LEDGER.
 */
SmPlaceResult sm_place(SmLedger *ledger, SmStore *store, SmFile *file, GError **error);

/*
 * As sm_store_match() for target, a name that file has or gets. SM_MATCH_OTHER too
 * where the file system takes names that differ in case for one, and it is the
 * file of another name. SM_MATCH_ERROR with SM_ERROR_DIRECTORY, SM_ERROR_LEDGER.
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
