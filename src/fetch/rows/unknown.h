/* What the table of files tells of names that the service does not know; the rules for them are in
 * rules/unknown.h. */
#pragma once

#include "fetch/rows/files.h"
#include "fetch/rules/unknown.h"

/* Counts the names that the service was asked for by themselves and did not know, in the window
 * before now, as far as they concern file: those of an old mailbox (sm_unknown_is_old()) only where
 * it is one, too. SM_ERROR_LEDGER.
 */
gboolean sm_unknowns_count(SmLedger *ledger, const SmFile *file, gint64 now, SmUnknowns *unknown,
                           GError **error);

/* Whether a file whose name begins as file's (sm_unknown_prefix()) was stored for its account.
 * SM_ERROR_LEDGER. */
gboolean sm_unknown_resembles_stored(SmLedger *ledger, const SmFile *file, gboolean *resembles,
                                     GError **error);

/* Whether a sender of a domain whose messages announced stored files of the account has announced
 * file. SM_ERROR_LEDGER. */
gboolean sm_unknown_has_known_sender(SmLedger *ledger, const SmFile *file, gboolean *known,
                                     GError **error);

/* How many other names of file's account the service does not know, and failed for that or were
 * first asked for after since. SM_ERROR_LEDGER. */
gboolean sm_unknown_count_others(SmLedger *ledger, const SmFile *file, gint64 since, gint64 *count,
                                 GError **error);

/*
 * Notes that the service does not list the name of file, unless another process has worked on it
 * since the row was loaded: as an answer that it does not know it. next: when it is looked for
 * again. SM_ERROR_LEDGER.
 */
gboolean sm_unknown_missed(SmLedger *ledger, const SmFile *file, gint64 next, GError **error);

enum { SM_UNKNOWN_LISTING_PAUSE = 300 /* seconds between two listings for such names */ };

/* Takes the turn for a listing that looks for such names, once in SM_UNKNOWN_LISTING_PAUSE.
 * SM_ERROR_LEDGER. */
gboolean sm_unknown_take_turn(SmLedger *ledger, const char *account, gint64 now, gboolean *taken,
                              GError **error);
