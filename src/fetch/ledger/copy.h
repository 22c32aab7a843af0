/* Copies a whole ledger into another database, of whichever kind: every row of every table. */
#pragma once

#include "fetch/database/db.h"

/* What was copied. */
typedef struct {
    gint64 rows;   /* of all tables */
    char hash[65]; /* SHA-256 over all of them, hex */
} SmCopied;

/*
 * Copies all rows of from to to, which has the same tables and nothing in them. Both are read once
 * more before the end, and must agree in counts and in a hash over all values; else nothing is
 * copied. No one can write to from meanwhile, where that is a file. SM_ERROR_CONFLICT where to is
 * not empty, SM_ERROR_LEDGER.
 */
gboolean sm_ledger_copy(SmDb *from, SmDb *to, SmCopied *copied, GError **error);

/* The same into a new file at path, for a backup. SM_ERROR_LEDGER. */
gboolean sm_ledger_copy_to_file(SmDb *from, const char *path, GError **error);
