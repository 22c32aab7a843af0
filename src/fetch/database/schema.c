#include "fetch/database/schema.h"

#include <glib/gstdio.h>

#include "common/base/error.h"
#include "fetch/database/backend.h"

/* As it was, beside it: what a failed upgrade, or going back to the older version, starts from. */
static gboolean
back_up(SmDb *db, gint64 version, GError **error)
{
    g_autofree char *copy = g_strdup_printf("%s.schema-%" G_GINT64_FORMAT, sm_db_path(db), version);

    g_unlink(copy); /* of an upgrade that was cut short */
    return sm_db_copy(db, copy, error);
}

static gboolean
migrate(SmDb *db, gint64 version, GError **error)
{
    gboolean ok = sm_db_begin(db, "", error);

    for (; ok && version < SM_SCHEMA_VERSION; version++)
        ok = db->backend->steps[version] == NULL ||
             sm_db_exec(db, db->backend->steps[version], error);
    return sm_db_end(db, ok, error);
}

gboolean
sm_ledger_schema_ensure(SmDb *db, GError **error)
{
    gint64 version;

    if (!sm_db_schema(db, &version, error))
        return FALSE;
    if (version > SM_SCHEMA_VERSION) {
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER,
                    "ledger %s: made by a newer version (schema %" G_GINT64_FORMAT
                    ", this is %d); upgrade scorefetch on this machine",
                    sm_db_path(db), version, (int)SM_SCHEMA_VERSION);
        return FALSE;
    }
    if (version == SM_SCHEMA_VERSION)
        return TRUE;
    return (version == 0 || sm_db_is_server(db) || back_up(db, version, error)) &&
           migrate(db, version, error);
}
