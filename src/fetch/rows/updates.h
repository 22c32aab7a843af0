/*
 * The fenced updates of the table of files, by whoever holds a row's claim: each
 * is one transaction WHERE fence = file->fence, and hits no row once the claim is
 * lost. On success file is what the row is now, its account and name the same
 * strings as before; a failed one has changed neither the row nor file.
 */
#pragma once

#include "fetch/rows/files.h"

/* Whether the update of file by its claim's holder has changed its row: changed rows, 1.
 * SM_ERROR_LEDGER where the claim was lost. */
gboolean sm_file_has_hit(SmLedger *ledger, const SmFile *file, int changed, GError **error);

/* Deletes the row: the name is unknown again. Part of the caller's transaction. SM_ERROR_LEDGER. */
gboolean sm_file_forget(SmLedger *ledger, const SmFile *file, GError **error);

/* Reopens a name for a person: no pause, no count of failures, and waiting if it had failed or
 * conflicts. SM_ERROR_LEDGER. */
gboolean sm_file_reopen(SmLedger *ledger, SmFile *file, GError **error);

/* Marks newer events as answered, without a change of the row. SM_ERROR_LEDGER. */
gboolean sm_file_answered(SmLedger *ledger, SmFile *file, GError **error);

/* A number for a part: no other part has it, whichever ledger knows that. */
gint64 sm_file_new_part(void);

/*
 * Raises the fence for an attempt. part: the number of a part that stays (to be
 * resumed or placed), or 0: this attempt's part gets a new one. SM_ERROR_LEDGER.
 */
gboolean sm_file_raise_fence(SmLedger *ledger, SmFile *file, gint64 part, GError **error);

/* What was being placed is gone: -> waiting (or stored), and a download begins with a new part.
 * SM_ERROR_LEDGER. */
gboolean sm_file_start_over(SmLedger *ledger, SmFile *file, GError **error);

/* The running download may be resumed by another process of this boot. SM_ERROR_LEDGER. */
gboolean sm_file_note_part(SmLedger *ledger, SmFile *file, const char *etag, const char *boot_id,
                           GError **error);

/* Bytes and their SHA-256. */
typedef struct {
    gint64 size;
    const char *sha256;
} SmContent;

/* What was downloaded. */
typedef struct {
    SmContent part;
    SmContent plain;  /* what that is when it is decrypted; the same where it is not encrypted */
    const char *etag; /* NULL if the store gave none */
} SmContents;

/* -> placing, with what was downloaded. SM_ERROR_LEDGER. */
gboolean sm_file_placing(SmLedger *ledger, SmFile *file, const SmContents *contents,
                         const char *boot_id, GError **error);

/*
 * -> stored, with what was noted by sm_file_placing() and the events known when
 * the attempt began answered; a correction raises the revision. action is
 * what the log says: stored, corrected, adopted. hand_over: on-stored is to be
 * told, which is recorded with it; previous: see SmHandover. SM_ERROR_LEDGER; of a
 * ledger that has joined others also where all is committed, but not on the disk.
 */
gboolean sm_file_stored(SmLedger *ledger, SmFile *file, const char *action, gboolean hand_over,
                        const char *previous, GError **error);

/* Stored before and found unchanged: only what it answers, the ETag and the time of the look are
 * new. SM_ERROR_LEDGER. */
gboolean sm_file_unchanged(SmLedger *ledger, SmFile *file, const char *etag, GError **error);

/* How an attempt ends that stores nothing. */
typedef struct {
    SmFileState state;
    const char *reason;
    gint64 next_attempt; /* seconds since 1970; 0: at once */
    gboolean part_kept;  /* the part stays for a later run */
} SmSettling;

/*
 * -> its state, or back to stored where bytes are stored and that is waiting.
 * The counters of missing and obstacle are taken from file. SM_ERROR_LEDGER.
 */
gboolean sm_file_settle(SmLedger *ledger, SmFile *file, const SmSettling *settling, GError **error);
