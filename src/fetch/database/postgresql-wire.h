/*
 * What is sent to a PostgreSQL server and what it answers, within limits of time. Statements are
 * put one after the other and answered together, so that several take the time of one trip. Part
 * of postgresql.c.
 */
#pragma once

#include <libpq-fe.h>

#include "fetch/database/backend.h"

#define SM_DB_POOLER "does a pooler share out single transactions? let it pool sessions"

typedef struct {
    SmDb db;
    PGconn *conn;
    GHashTable *statements; /* the text of each one that is known, and what it is called there */
    GQueue sent;            /* what is not answered: a statement that is prepared, NULL: one run */
    guint syncs;            /* ends of trips that are not answered */
    GHashTable *held;       /* its locks */
    GHashTable *lost;       /* those that went with a session before, and are somebody else's now */
    char *mark;             /* that the server's session has, as long as it is ours alone */
    guint32 schema;         /* its number in the database */
    const char *opening;    /* what begins the transaction that we are in; NULL: we are in none */
    char *account;          /* whose lock that begins with; NULL: nobody's */
    gboolean begun;         /* the server knows of it */
    gboolean deferring;     /* commits need not wait for the disk */
    gboolean dead;          /* the connection, whatever libpq still thinks */
    gint64 given_up;        /* monotonic time when it could not be made again; 0: it could */
} SmDbSession;

/* Frees and forgets what there is of a connection that has ended, not the connection. */
void sm_db_wire_forget(SmDbSession *session);

/* Whether it is not cut off, as far as is known; what came meanwhile is looked at. */
gboolean sm_db_wire_is_alive(SmDbSession *session);

/* Puts a statement behind those that are sent with the next trip; TRUE: it could be. */
gboolean sm_db_wire_put(SmDbSession *session, const SmDbQuery *query);

/* Sends what was put, and does not wait for the answer, which the next trip brings along. */
void sm_db_wire_send(SmDbSession *session);

/*
 * Sends what was put and waits for all answers. The rows of the last one go to taker, one by one;
 * *taken, if not NULL, tells whether there were any. TRUE: all was done, and db.changed is of the
 * last one. SM_ERROR_LEDGER.
 */
gboolean sm_db_wire_ask(SmDbSession *session, const SmTaker *taker, gboolean *taken,
                        GError **error);

/* Runs a text of several statements without values, when nothing else is under way; number, if not
 * NULL, is what the last one answers. SM_ERROR_LEDGER. */
gboolean sm_db_wire_run(SmDbSession *session, const char *text, gint64 *number, GError **error);

/* Says why result is none; it may be NULL: there is no answer. Returns FALSE. SM_ERROR_LEDGER. */
gboolean sm_db_wire_fail(SmDbSession *session, const PGresult *result, GError **error);
