/*
 * Whether the -wal file beside a database is its own. SQLite does not ask: beside a
 * restored copy it would write another time's pages into it. The lock file holds
 * how the database file looked when it was written last; what looks otherwise and
 * has few of the pages of its -wal was put there by somebody else. Part of sqlite.c.
 */
#pragma once

#include <glib.h>

/* Notes that the file at path is being written to: until the next note nothing is said of it. */
void sm_db_wal_note_begin(const char *path);

/* Notes how the file at path looks now, where it has a lock file beside it. */
void sm_db_wal_note(const char *path);

/* Whether the database at path would be spoilt by the -wal file beside it; where that is empty or
 * missing the file is noted, whatever it is. */
gboolean sm_db_wal_is_foreign(const char *path);
