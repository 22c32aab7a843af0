/*
 * Byte locks on one file that is never renamed nor unlinked (OFD locks, fcntl(2)), or a server's
 * locks (sm_db_lock()) in their place: they die with their process, whatever kills it. Byte 0
 * guards creation and migration of the ledger, the byte at a file row's id the claim on that row,
 * and the bytes from SM_LOCK_ACCOUNTS on the accounts, those from SM_LOCK_HANDOVERS on what is
 * being handed over. Who sends alerts has SM_LOCK_ALERTS, who gives a directory its id one from
 * SM_LOCK_DIRECTORIES on. Locks from SM_LOCK_PROGRESS on tell by their lengths how far downloads
 * are. The file's first bytes are sqlite-wal.h's.
 */
#pragma once

#include "fetch/ledger/ledger.h"

#define SM_LOCK_SCHEMA ((gint64)0)
#define SM_LOCK_ACCOUNTS ((gint64)1 << 40)
#define SM_LOCK_HANDOVERS ((gint64)1 << 41)
#define SM_LOCK_ALERTS ((gint64)1 << 42)
#define SM_LOCK_DIRECTORIES ((gint64)1 << 43)
#define SM_LOCK_PROGRESS ((gint64)1 << 62)

/*
 * Takes the lock of one byte, waiting up to wait seconds for its holder;
 * *waited, if not NULL, tells whether there was one. A program that is none of ours and
 * has locked the whole file is waited for 2 seconds at most. SM_ERROR_BUSY when the
 * time is over, SM_ERROR_LEDGER for that program, when locks do not work on this file, and for a
 * server's failures.
 */
gboolean sm_lock_take(SmLedger *ledger, gint64 byte, guint wait, gboolean *waited, GError **error);

/* Gives the lock of that byte back. */
void sm_lock_drop(SmLedger *ledger, gint64 byte);

/* Whether a process holds the lock of that byte; it is not taken. */
gboolean sm_lock_is_held(const SmLedger *ledger, gint64 byte);

/*
 * How far the download of a row is, for whoever looks: no file and no row has to be written, and
 * it is gone with its process, as the row's claim is. bytes of total, negative: not known; bytes
 * negative: nothing is downloaded any more. Through a file only: fd -1 tells nobody.
 */
void sm_lock_tell(int fd, gint64 row, gint64 bytes, gint64 total);

/* What the download of that row has told; FALSE where none has. */
gboolean sm_lock_told(int fd, gint64 row, gint64 *bytes, gint64 *total);
