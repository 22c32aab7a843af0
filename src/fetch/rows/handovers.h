/*
 * The table of hand-overs: runs of the on-stored hook, pending and done.
 * A row is made in the transaction that records its file as stored, so that none is missing; those
 * of one name run in their order.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

typedef struct {
    gint64 id;
    char *account;
    char *name;
    char *kind;      /* "new" or "corrected" */
    char *path;      /* where these bytes are now, relative to the account's directory */
    gint64 size;     /* bytes of the file as it is stored */
    char *sha256;    /* of the same, lower-case hex */
    gint64 revision; /* how many versions came before */
    char *previous;  /* the version before, relative to the directory; NULL: none is kept */
    gint64 created;
    gint64 attempts; /* that failed */
    gint64 next_attempt;
} SmHandover;

/*
 * Adds a pending run for the file whose row in the table of files has the id file,
 * as that row is now; kind and previous: see SmHandover. Part of the caller's transaction.
 * SM_ERROR_LEDGER.
 */
gboolean sm_handover_add(SmLedger *ledger, gint64 file, const char *kind, const char *previous,
                         GError **error);

/*
 * The runs of account that are due at the time now, only of name if that is not NULL. Of each name
 * only the oldest pending run counts. The oldest comes first. Of SmHandover.
 * SM_ERROR_LEDGER.
 */
GPtrArray *sm_handover_due(SmLedger *ledger, const char *account, const char *name, gint64 now,
                           GError **error);

/* The pending run with that id, as it is now; NULL without an error if it is no longer pending.
 * SM_ERROR_LEDGER. */
SmHandover *sm_handover_load(SmLedger *ledger, gint64 id, GError **error);

/*
 * The command is about to run: on a server nobody else starts it before the time until, or its
 * outcome, even where our session and its lock end. FALSE: it must not run; without an error where
 * the row is not as it was loaded. SM_ERROR_LEDGER.
 */
gboolean sm_handover_start(SmLedger *ledger, const SmHandover *handover, gint64 until,
                           GError **error);

/*
 * The id by which a receiver recognises a repeat: the same each time for one hand-over, unique even
 * across ledgers. Caller frees.
 */
char *sm_handover_id(const SmHandover *handover);

/* Records that the command has run. SM_ERROR_LEDGER. */
gboolean sm_handover_done(SmLedger *ledger, const SmHandover *handover, GError **error);

/* Records that it failed, why, and when it is retried. SM_ERROR_LEDGER. */
gboolean sm_handover_failed(SmLedger *ledger, const SmHandover *handover, const char *why,
                            gint64 next_attempt, GError **error);

/* Whether a pending run of account has failed before; TRUE if unknown. */
gboolean sm_handover_any_failed(SmLedger *ledger, const char *account);

/* Whether a run for name is pending; TRUE if unknown. */
gboolean sm_handover_is_open(SmLedger *ledger, const char *account, const char *name);

/* Makes the pending runs of name due, for a person. *open: how many. SM_ERROR_BUSY where another
 * process runs the first of them, SM_ERROR_LEDGER. */
gboolean sm_handover_reopen(SmLedger *ledger, const char *account, const char *name, int *open,
                            GError **error);
