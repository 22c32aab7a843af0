/* The ledger's tables and their versions. */
#pragma once

#include "fetch/ledger/db.h"

/*
 * Brings the ledger to this version's schema; the caller holds SM_LOCK_SCHEMA.
 * An older one is copied to PATH.schema-VERSION before. SM_ERROR_LEDGER when a
 * newer version made it.
 */
gboolean sm_ledger_schema_ensure(SmDb *db, GError **error);

/* The version that this program makes. */
gint64 sm_ledger_schema_newest(void);
