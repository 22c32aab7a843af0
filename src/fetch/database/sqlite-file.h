/*
 * What SQLite does with the file of a database where it does not do well by itself:
 * a file system without locks, a full disk below its shared memory, the -wal of
 * another database. Part of sqlite.c.
 */
#pragma once

#include <glib.h>

struct sqlite3;

/*
 * Adapts how the connection handle uses the file at path; nothing of a database in
 * memory. *methods: to be freed with g_free() after the connection is closed, for which path must
 * live. SM_ERROR_LEDGER where the -wal file beside it is another database's.
 */
gboolean sm_db_file_adapt(struct sqlite3 *handle, const char *path, gpointer *methods,
                          GError **error);

/* The same for its -wal file, once a transaction has begun, where that was not done yet: the header
 * of one that was empty is synced with the first pages, not before them. */
void sm_db_wal_adapt(struct sqlite3 *handle, gpointer *methods);
