/*
 * This room has the rows of files, of the events that announced them and of the hooks that were run
 * for them: who may work on a file, and each change of its row.
 *
 * The table of files: one row for each account and name, and its states.
 *
 *   waiting -> placing -> stored     dropped   not wanted   failed   conflict
 *
 * A row's work in progress (part, boot id, what is being placed) is changed only
 * under its claim (updates.h).
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

typedef enum {
    SM_FILE_WAITING,
    SM_FILE_PLACING, /* bytes are verified and synced, the name is being given */
    SM_FILE_STORED,
    SM_FILE_DROPPED,    /* by the duplicate policy */
    SM_FILE_NOT_WANTED, /* by its extension */
    SM_FILE_FAILED,     /* the service kept saying that there is no such file */
    SM_FILE_CONFLICT,   /* a file of that name is there that we did not put there */
} SmFileState;

/* Bytes: those that are stored, or those that are about to be. */
typedef struct {
    gint64 size;       /* as they lie on the disk */
    char *sha256;      /* of the same, lower-case hex */
    gint64 size_plain; /* of what came; differs from size and sha256 where that is encrypted */
    char *sha256_plain;
    char *etag;     /* with its quotes, NULL if unknown */
    gint64 covers;  /* id of the newest event that they answer */
    gint64 records; /* counted in what came; -1: not known */
} SmFileBytes;

/* What the listing said of it last. */
typedef struct {
    gint64 at;       /* since when it says so; 0: never listed */
    gint64 size;     /* -1: not known, as records */
    char *delivered; /* NULL: not said */
    gint64 records;
} SmFileListed;

typedef struct {
    gint64 id;
    char *account;
    char *name;
    SmFileState state;
    char *reason; /* of the state, or why the last attempt failed; may be "" */
    gint64 announced_at, updated_at;

    /* What is stored; all unset while stored_at is 0. */
    SmFileBytes stored;
    char *path;      /* relative to the account's directory */
    gint64 revision; /* number of older versions kept */
    gint64 stored_at;
    gint64 pruned_at; /* when it was deleted, since keep-for was over; 0: it was not */
    gint64 looked_at; /* last conditional GET */

    SmFileListed listed;

    /* What is in progress. */
    gint64 attempts, next_attempt;
    gint64 missing_since, missing_times; /* since when, how often the service knew no such file */
    gint64 fence, settled;
    gint64 part;         /* the number in the name of the one part that may exist; 0: none */
    char *part_etag;     /* of what the part is a part of; NULL: not to be resumed */
    char *boot_id;       /* sm_place_boot_id() when part_etag or the placing row was written */
    SmFileBytes placing; /* what the part holds; records: known to who has fetched it only */
    char *obstacle;      /* conflict: which file was in the way, as sm_store_identity() names it */

    gint64 newest_event; /* of this account and name, 0: none */
    gint64 posted_at;    /* when the last message that announced it was received; 0: none did */
    gint64 unanswered;   /* not 0: an event came that neither bytes nor a decision answer */
} SmFile;

enum { SM_FILE_N_STATES = SM_FILE_CONFLICT + 1 };

/* The state's name in the ledger and for people: "waiting", "not wanted" ... Static. */
const char *sm_file_state_name(SmFileState state);

/* The state of that name. */
SmFileState sm_file_state_from_name(const char *name);

/* Whether it has failed for good: no message has announced it since the last attempt began. */
gboolean sm_file_has_failed(const SmFile *file);

/* The row; NULL without an error if there is none. SM_ERROR_LEDGER. */
SmFile *sm_file_load(SmLedger *ledger, const char *account, const char *name, GError **error);

/* Frees an SmFile; NULL is allowed. */
void sm_file_free(gpointer file);

/* The newest max rows (0: all), of account if not NULL, by their last change: of SmFile.
 * SM_ERROR_LEDGER. */
GPtrArray *sm_file_list(SmLedger *ledger, const char *account, guint max, GError **error);

/* The newest max rows of account that have failed or conflict. SM_ERROR_LEDGER. */
GPtrArray *sm_file_list_troubles(SmLedger *ledger, const char *account, guint max, GError **error);

/*
 * The rows of account that the worker has something to do for: waiting, being placed, or
 * announced anew, whose pause is over at the time now; the longest due first, of
 * these whoever was tried least, and then what was announced last: what fails each
 * time, or lies in an old mailbox, stops no other. SM_ERROR_LEDGER.
 */
GPtrArray *sm_file_due(SmLedger *ledger, const char *account, gint64 now, GError **error);

/*
 * The rows, of account if not NULL, that something is still to be done for: at most max, first
 * those that an attempt has not settled, then by their next attempt: of SmFile. SM_ERROR_LEDGER.
 */
GPtrArray *sm_file_pending(SmLedger *ledger, const char *account, guint max, GError **error);

/* The accounts that have rows which are due at the time now, as strings, the longest due first.
 * Caller frees. SM_ERROR_LEDGER. */
GPtrArray *sm_file_due_accounts(SmLedger *ledger, gint64 now, GError **error);

/* The rows of account that messages announced, that wait, and that no listing has named: of SmFile.
 * SM_ERROR_LEDGER. */
GPtrArray *sm_file_unknown(SmLedger *ledger, const char *account, GError **error);

/* The other names of the same stem: of SmFile, in the order they were announced. SM_ERROR_LEDGER.
 */
GPtrArray *sm_file_siblings(SmLedger *ledger, const SmFile *file, GError **error);

/* Whether something was stored under a name that differs from name in case only. SM_ERROR_LEDGER.
 */
gboolean sm_file_has_twin(SmLedger *ledger, const char *name, gboolean *has, GError **error);

/* How a stored file came. */
typedef struct {
    gboolean by_sync;
    char *delivered; /* when the listing says that it was delivered; NULL: it did not say */
    gint64 stored_at;
} SmFileArrival;

/* The last max files of account that were stored until that time: of SmFileArrival, the last first.
 * Caller frees. SM_ERROR_LEDGER. */
GPtrArray *sm_file_arrivals(SmLedger *ledger, const char *account, gint64 until, guint max,
                            GError **error);

/* The bytes of the largest file that account has ever stored; 0: none. SM_ERROR_LEDGER. */
gboolean sm_file_largest(SmLedger *ledger, const char *account, gint64 *size, GError **error);

/* Makes the row (`waiting`) unless it is there. Part of the caller's transaction. SM_ERROR_LEDGER.
 */
gboolean sm_file_ensure(SmLedger *ledger, const char *account, const char *name, GError **error);

/* How many names of the account with file's extension are older than file. SM_ERROR_LEDGER. */
gboolean sm_file_count_alike(SmLedger *ledger, const SmFile *file, gint64 *count, GError **error);

/* The name of name's file in the directory: an encrypted one is NAME.gpg. Caller frees. */
char *sm_file_stored_name(const char *name, gboolean encrypted);

/* Whether what is stored, or what is being placed, is encrypted. */
gboolean sm_file_is_encrypted(const SmFile *file);

/* The same of what is being placed. */
gboolean sm_file_places_encrypted(const SmFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmFile, sm_file_free)
