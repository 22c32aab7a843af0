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
 * on-stored is to be told of the file whose row in the table of files has the id
 * file, as that row is now; kind and previous: see SmHandover. Part of the
 * caller's transaction. SM_ERROR_LEDGER.
 */
gboolean sm_handover_add(SmLedger *ledger, gint64 file, const char *kind, const char *previous,
                         GError **error);

/*
 * What is due at the time now: of account, of name if that is not NULL, and of
 * each name the first that is open, if that is due; the longest open first. Of SmHandover.
 * SM_ERROR_LEDGER.
 */
GPtrArray *sm_handover_due(SmLedger *ledger, const char *account, const char *name, gint64 now,
                           GError **error);

/* The one with that id as it is now; NULL without an error if nothing is left to do for it.
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

/* The command has run. SM_ERROR_LEDGER, as for the others. */
gboolean sm_handover_done(SmLedger *ledger, const SmHandover *handover, GError **error);

/* It failed: why, and when it is retried. SM_ERROR_LEDGER. */
gboolean sm_handover_failed(SmLedger *ledger, const SmHandover *handover, const char *why,
                            gint64 next_attempt, GError **error);

/* Whether one of account that is open has been told in vain; TRUE if unknown. */
gboolean sm_handover_any_failed(SmLedger *ledger, const char *account);

/* Whether on-stored has still to be told of name; TRUE if unknown. */
gboolean sm_handover_is_open(SmLedger *ledger, const char *account, const char *name);

/* A person wants what is open of name to be tried now. *open: how many. SM_ERROR_BUSY where another
 * process runs the first of it, SM_ERROR_LEDGER. */
gboolean sm_handover_reopen(SmLedger *ledger, const char *account, const char *name, int *open,
                            GError **error);
