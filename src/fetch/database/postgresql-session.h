/*
 * A session with a PostgreSQL server: the locks that it holds, and its next life after it was cut
 * off. Part of postgresql.c.
 */
#pragma once

#include "fetch/database/postgresql-wire.h"

/* Begins it, with the server that where says (postgresql-server.h). SM_ERROR_CONFIG,
 * SM_ERROR_LEDGER. */
gboolean sm_db_session_begin(SmDbSession *session, const char *where, const char *password,
                             GError **error);

/* Ends it and frees what it has, not itself. */
void sm_db_session_clear(SmDbSession *session);

/*
 * Makes it usable where it can be: after it was cut off a new one is begun, with the locks of the
 * old; not within a transaction that the server knew of. SM_ERROR_LEDGER; also as long as one of
 * those locks is lost.
 */
gboolean sm_db_session_ready(SmDbSession *session, GError **error);

/* Whether the server answers in it, not in one that a pooler chose, and lets the role do what
 * deliveries do. SM_ERROR_LEDGER. */
gboolean sm_db_session_verify(SmDb *db, GError **error);

/* The locks of db.h, which end with the session. SM_ERROR_LEDGER. */
gboolean sm_db_session_lock(SmDb *db, gint64 number, gboolean *taken, GError **error);

/* Whether anybody holds one. */
gboolean sm_db_session_is_locked(SmDb *db, gint64 number);

/* Gives one back. */
void sm_db_session_unlock(SmDb *db, gint64 number);
