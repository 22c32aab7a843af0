/*
 * This room opens, locks and copies the ledger. The rooms above it have the queries.
 *
 * The ledger: what came, what was decided, what is stored. One SQLite file, a
 * lock file beside it; or a PostgreSQL server's tables, which several hosts may share. This module
 * opens it (creating and migrating it under an exclusive lock) and gives the connection to the
 * modules that hold the queries.
 *
 * Rules: writes run in BEGIN IMMEDIATE transactions that span neither network
 * nor fsync of data; times are seconds since 1970.
 */
#pragma once

#include <glib.h>

#include "fetch/database/db.h"
#include "fetch/host/together.h"

typedef enum {
    SM_LEDGER_CREATE, /* made where it is missing */
    SM_LEDGER_LOOK,   /* for status and dry runs: nothing is created */
} SmLedgerUse;

typedef struct {
    SmDb *db;
    int lock_fd;          /* ledger.lock, for lock.h; -1: there is none */
    char *where;          /* what it was opened with */
    char *password;       /* in locked memory; NULL: none */
    SmTogether *together; /* see sm_ledger_share(); NULL: each commit reaches the disk by itself */
    const char *command;  /* what the log says of who acts: "deliver", "get" ...; static */
    gboolean hooks_off;   /* this process runs no on-stored (any more): `commands` is deferred,
                             or an outcome could not be recorded */
    GHashTable *hung;     /* names of the accounts whose on-stored had to be stopped; NULL: none */
} SmLedger;

/* Whether we may leave files there; else SM_ERROR_OWNER, which names the user who may. A server's
 * place is everybody's. */
gboolean sm_ledger_is_ours(const char *path, GError **error);

/*
 * Whether path, the ledger or a folder for it, lies on a local file system and may
 * be written to, if it is there. Else SM_ERROR_LEDGER.
 */
gboolean sm_ledger_is_local(const char *path, GError **error);

/*
 * Opens the ledger. SM_ERROR_OWNER when it belongs to another user (nothing is
 * touched), SM_ERROR_LEDGER when it cannot be used: no directory, a network
 * file system, corrupt, locked for long, made by a newer version. With
 * SM_LEDGER_LOOK a ledger that does not exist is NULL without an error. Of a server's errors of
 * sm_db_connect(), too. password: what a server wants, or NULL; it is kept for sm_ledger_share().
 */
SmLedger *sm_ledger_open(const char *path, const char *password, SmLedgerUse use,
                         const char *command, GError **error);

/*
 * Whether commits from now on may wait for the disk until sm_ledger_sync(), or a later one that
 * does not wait; a server's never do. Not within a transaction. Returns whether they did so far.
 */
gboolean sm_ledger_defer(SmLedger *ledger, gboolean defer);

/*
 * The same ledger for another thread, with locks of its own. A file's commits, those of ledger,
 * too, wait for the disk from now on, until sm_ledger_sync() of any that share together, or a
 * commit after sm_db_defer(). together must live as long. SM_ERROR_OWNER, SM_ERROR_LEDGER,
 * SM_ERROR_CONFIG.
 */
SmLedger *sm_ledger_share(const SmLedger *ledger, SmTogether *together, GError **error);

/*
 * Opens the ledger at path, which is there, to look at it as it is, without a lock
 * or an upgrade; *version: of its schema. SM_ERROR_LEDGER, also where it is damaged.
 */
SmLedger *sm_ledger_inspect(const char *path, const char *password, gint64 *version,
                            GError **error);

/* A ledger in memory that knows nothing, for dry runs where there is none yet. SM_ERROR_LEDGER. */
SmLedger *sm_ledger_open_empty(GError **error);

/* Brings what was committed to the disk, of all that share it. SM_ERROR_LEDGER. */
gboolean sm_ledger_sync(SmLedger *ledger, GError **error);

/* Frees ledger; NULL is allowed. */
void sm_ledger_close(SmLedger *ledger);

/* Adds a row to the trail that nobody rewrites; part of the caller's transaction. SM_ERROR_LEDGER.
 */
gboolean sm_ledger_log(SmLedger *ledger, const char *account, const char *name, const char *action,
                       const char *detail, GError **error);

/* Seconds since 1970. */
gint64 sm_ledger_now(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmLedger, sm_ledger_close)
