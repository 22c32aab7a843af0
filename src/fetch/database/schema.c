#include "fetch/database/schema.h"

#include <glib/gstdio.h>

#include "common/base/error.h"
#include "fetch/database/backend.h"

enum { WITH_TRIGGERS = 2 };

/* As it was, beside it: what a failed upgrade, or going back to the older version, starts from. */
static gboolean
back_up(SmDb *db, gint64 version, GError **error)
{
    g_autofree char *copy = g_strdup_printf("%s.schema-%" G_GINT64_FORMAT, sm_db_path(db), version);

    g_unlink(copy); /* of an upgrade that was cut short */
    return sm_db_copy(db, copy, error);
}

static gboolean
make_tables(SmDb *db, gint64 version, GError **error)
{
    const SmSchemaDialect *dialect = db->backend->dialect;
    g_autoptr(GString) sql = g_string_new(sm_schema_tables[version - 1]);

    for (gsize i = 0; dialect->words != NULL && dialect->words[i][0] != NULL; i++)
        g_string_replace(sql, dialect->words[i][0], dialect->words[i][1], 0);
    return sm_db_exec(db, sql->str, error) &&
           (version != WITH_TRIGGERS || sm_db_exec(db, dialect->triggers, error));
}

static gboolean
migrate(SmDb *db, gint64 version, GError **error)
{
    gboolean ok = sm_db_begin(db, "", error);

    while (ok && version < SM_SCHEMA_VERSION)
        ok = make_tables(db, ++version, error);
    return sm_db_end(db, ok && sm_db_exec(db, db->backend->dialect->note, error), error);
}

gboolean
sm_ledger_schema_ensure(SmDb *db, GError **error)
{
    gint64 version;

    if (!sm_db_schema(db, &version, error))
        return FALSE;
    if (version > SM_SCHEMA_VERSION)
        return sm_error_set(error, SM_ERROR_LEDGER,
                            "ledger %s: made by a newer version (schema %" G_GINT64_FORMAT
                            ", this is %d); upgrade scorefetch on this machine",
                            sm_db_path(db), version, SM_SCHEMA_VERSION);
    if (version == SM_SCHEMA_VERSION)
        return TRUE;
    return (version == 0 || sm_db_is_server(db) || back_up(db, version, error)) &&
           migrate(db, version, error);
}
