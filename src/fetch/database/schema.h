/* The ledger's tables and their versions. */
#pragma once

#include "fetch/database/db.h"

enum { SM_SCHEMA_VERSION = 3 /* that this program makes */ };

/* Of each kind of database what makes version N out of version N - 1, from the first on, and notes
 * that. */
extern const char *const sm_schema_sqlite[SM_SCHEMA_VERSION];
extern const char *const sm_schema_postgresql[SM_SCHEMA_VERSION];

/*
 * Brings the ledger to this version's schema; the caller holds SM_LOCK_SCHEMA.
 * An older file is copied to PATH.schema-VERSION before. SM_ERROR_LEDGER when a
 * newer version made it.
 */
gboolean sm_ledger_schema_ensure(SmDb *db, GError **error);
