/*
 * Where a PostgreSQL server is and how it is reached safely: the connection string of the key
 * `ledger`, read and completed. Part of postgresql.c.
 */
#pragma once

#include <glib.h>

typedef struct {
    GPtrArray *keywords, *values; /* of libpq, NULL-terminated */
    char *name;                   /* for messages, without anything secret */
} SmDbServer;

/*
 * What where, a libpq URI or "postgresql:" and libpq's KEY=VALUE words, says, with time limits and
 * the check of the server's certificate, which a server elsewhere than on this machine must have.
 * password may be NULL. Caller frees. SM_ERROR_CONFIG where it cannot be read, has a password in
 * it, or does without that check.
 */
SmDbServer *sm_db_server_new(const char *where, const char *password, GError **error);

/* Frees server; NULL is allowed. */
void sm_db_server_free(SmDbServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmDbServer, sm_db_server_free)
