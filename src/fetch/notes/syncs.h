/* What the ledger knows of an account's syncs: how far back they reach, and how the last one ended.
 */
#pragma once

#include "fetch/ledger/ledger.h"

typedef struct {
    gint64 synced; /* when the last one began that came to its end with nothing left; 0: none. Never
                    * a time that is still to come: the clock was wrong then */
    gboolean past; /* a person has said what is to become of the files of the time before */
} SmSyncRecord;

/* What is known; *record is all 0 for an account without a sync. SM_ERROR_LEDGER. */
gboolean sm_sync_look(SmLedger *ledger, const char *account, SmSyncRecord *record, GError **error);

/* Where `--since last` reaches back to: a day before the last sync began, since neither clocks nor
 * zones need agree, and nothing that is stored is fetched twice. 0: there was none. */
gint64 sm_sync_last(const SmSyncRecord *record);

/* A sync begins. SM_ERROR_LEDGER. */
gboolean sm_sync_began(SmLedger *ledger, const char *account, GError **error);

/* Where no sync ever came to its end: since when one is missed, which is now the first time; *when
 * is seconds since 1970. SM_ERROR_LEDGER. */
gboolean sm_sync_missed_since(SmLedger *ledger, const char *account, gint64 *when, GError **error);

/* It settles what becomes of the time before: "sync-all" or "mark-known". SM_ERROR_LEDGER. */
gboolean sm_sync_decided(SmLedger *ledger, const char *account, const char *decision,
                         GError **error);

/*
 * It has ended, with outcome, a line for people. complete_from: when it began, if nothing is left
 * of all since the sync before; else 0. listed_from: when it began, if it had the listing of all
 * that time, which answers requests for one from before that; else 0. SM_ERROR_LEDGER.
 */
gboolean sm_sync_ended(SmLedger *ledger, const char *account, gint64 complete_from,
                       gint64 listed_from, const char *outcome, GError **error);
