/*
 * From a verified, synced part to a stored file, and the same again after a
 * crash at any point of it: the row says `placing` before the part gets its
 * name and `stored` after the directory is on the disk.
 */
#pragma once

#include <glib.h>

#include "ledger-files.h"
#include "store.h"

typedef enum {
    SM_PLACE_STORED,
    SM_PLACE_CORRECTED, /* a re-post: the older version is kept */
    SM_PLACE_ADOPTED,   /* the same bytes were there already */
    SM_PLACE_CONFLICT,  /* other bytes are there: settled as such, the part is gone */
    SM_PLACE_LOST,      /* after a crash: neither part nor file; to be fetched anew */
    SM_PLACE_FAILED,    /* error is set */
} SmPlaceResult;

/* Takes file, whose row is `placing`, to its end. boot_id: of this boot. */
SmPlaceResult sm_place(SmLedger *ledger, SmStore *store, SmFile *file, const char *boot_id,
                       GError **error);

/* /proc/sys/kernel/random/boot_id; "" if unknown. Caller frees. */
char *sm_place_boot_id(void);

/* Whether the machine has run on since file's part was noted; an unknown boot is never the same. */
gboolean sm_place_is_boot(const SmFile *file, const char *boot_id);
