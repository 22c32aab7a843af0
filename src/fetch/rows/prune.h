/*
 * keep-for in the ledger: finds the stored files that are too old, and records what
 * was done with them. A row stays when its file is deleted.
 */
#pragma once

#include <glib.h>

#include "fetch/rows/files.h"

/*
 * The names of account's files that were stored before that time and, by the
 * ledger, still exist; the oldest first, NULL-terminated. again: also files
 * that were found changed within the last day. SM_ERROR_LEDGER.
 */
GStrv sm_prune_candidates(SmLedger *ledger, const char *account, gint64 before, gboolean again,
                          GError **error);

/* The stored files that are not deleted yet. */
typedef struct {
    gint64 files;
    gint64 first, last; /* seconds since 1970 */
} SmPruneStock;

/* The stock of account: how many files, and when the first and the last were stored.
 * SM_ERROR_LEDGER. */
gboolean sm_prune_stock(SmLedger *ledger, const char *account, SmPruneStock *stock, GError **error);

/* What account stored at a time that is still to come, by a clock that was ahead, counts as stored
 * now. SM_ERROR_LEDGER. */
gboolean sm_prune_date(SmLedger *ledger, const char *account, gint64 now, GError **error);

/* Whether the claimed file is such a candidate now. */
gboolean sm_prune_is_outlived(const SmFile *file, gint64 before);

/* Whether the ledger has ever recorded bytes of that SHA-256 as stored under file's name.
 * SM_ERROR_LEDGER. */
gboolean sm_prune_was_stored(SmLedger *ledger, const SmFile *file, const char *sha256,
                             gboolean *was, GError **error);

/* Whether file's row is still as it was loaded under our claim, so that it may be deleted: a
 * server's claim ends with the session, and another host goes on then. SM_ERROR_LEDGER where not.
 */
gboolean sm_prune_is_ours(SmLedger *ledger, const SmFile *file, GError **error);

/* Records that the file was deleted; detail is for the log. SM_ERROR_LEDGER. */
gboolean sm_prune_record(SmLedger *ledger, const SmFile *file, const char *detail, GError **error);

/* Records that it was not, since it is not what was stored; detail is for the log. SM_ERROR_LEDGER.
 */
gboolean sm_prune_refuse(SmLedger *ledger, const SmFile *file, const char *detail, GError **error);
