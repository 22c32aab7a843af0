/*
 * A session with a PostgreSQL server: what is sent and answered within limits of time, the locks
 * that it holds, and its next life after it was cut off. Part of postgresql.c.
 */
#pragma once

#include <libpq-fe.h>

#include "fetch/database/backend.h"

typedef struct {
    SmDb db;
    PGconn *conn;
    GHashTable *statements; /* what is prepared in it; postgresql.c's */
    GHashTable *held;       /* its locks */
    GHashTable *lost;       /* those that went with a session before, and are somebody else's now */
    guint32 schema;         /* its number in the database */
    gboolean in_transaction;
    gboolean deferring; /* commits need not wait for the disk; a new session's do */
    gboolean dead;      /* the connection, whatever libpq still thinks */
    gint64 given_up;    /* monotonic time when it could not be made again; 0: it could */
} SmDbSession;

/* Begins it, with the server that where says (postgresql-server.h). SM_ERROR_CONFIG,
 * SM_ERROR_LEDGER. */
gboolean sm_db_session_begin(SmDbSession *session, const char *where, const char *password,
                             GError **error);

/* Ends it and frees what it has, not itself. */
void sm_db_session_clear(SmDbSession *session);

/*
 * Makes it usable where it can be: after it was cut off a new one is begun, with the locks of the
 * old; not within a transaction. SM_ERROR_LEDGER; also as long as one of those locks is lost.
 */
gboolean sm_db_session_ready(SmDbSession *session, GError **error);

/* Whether it is not cut off, as far as is known. */
gboolean sm_db_session_is_alive(const SmDbSession *session);

/* The answer to what was sent (TRUE: it could be): its last result, or the one with the error. NULL
 * where there is none in time. Caller clears. */
PGresult *sm_db_session_await(SmDbSession *session, gboolean sent);

/* The same of one text of statements without values. Caller clears. */
PGresult *sm_db_session_run(SmDbSession *session, const char *sql);

/* Whether the server has done it. */
gboolean sm_db_session_is_good(const PGresult *result);

/* Says why it has not; result may be NULL. Returns FALSE. SM_ERROR_LEDGER. */
gboolean sm_db_session_fail(SmDbSession *session, const PGresult *result, GError **error);

/* The locks of db.h, which end with the session. SM_ERROR_LEDGER. */
gboolean sm_db_session_lock(SmDb *db, gint64 number, gboolean *taken, GError **error);

/* Whether anybody holds one. */
gboolean sm_db_session_is_locked(SmDb *db, gint64 number);

/* Gives one back. */
void sm_db_session_unlock(SmDb *db, gint64 number);
