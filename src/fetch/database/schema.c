#include "fetch/database/schema.h"

#include <glib/gstdio.h>

#include "common/base/each.h"
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
migrate(SmDb *db, gint64 from, gint64 to, GError **error)
{
    gboolean ok = sm_db_begin(db, "", error);

    while (ok && from < to)
        ok = make_tables(db, ++from, error);
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
           migrate(db, version, SM_SCHEMA_VERSION, error);
}

/* What query, which both understand, finds in model and not in db; "": nothing. NULL and error: it
 * cannot be asked. Caller frees. */
static char *
find_missing(SmDb *db, const char *query, SmDb *model, const char *of_model, GError **error)
{
    g_autoptr(GPtrArray) wanted = sm_db_list(model, error, &sm_db_texts, of_model, "");
    g_autoptr(GPtrArray) found =
        wanted != NULL ? sm_db_list(db, error, &sm_db_texts, query, "") : NULL;
    g_autoptr(GString) missing = g_string_new(NULL);

    if (found == NULL)
        return NULL;
    SM_EACH (const char, part, wanted)
        if (!g_ptr_array_find_with_equal_func(found, part, g_str_equal, NULL))
            g_string_append_printf(missing, "%s%s", missing->len > 0 ? ", " : "", part);
    return g_string_free(g_steal_pointer(&missing), FALSE);
}

gboolean
sm_ledger_schema_is_whole(SmDb *db, gint64 version, GError **error)
{
    static const char restore[] = "restore the ledger from a backup";
    static const char copy[] = "copy it to a new ledger, scorefetch ledger copy, or restore it";
    static const char functions[] =
        "SELECT 'functions' WHERE iif(TRUE, max(0, 1), min(0, 1)) + instr('a', 'a') = 2";
    static const char key[] =
        "SELECT 'row fingerprint of keys' FROM keys WHERE name = 'fingerprint'";
    const char *const *of_db = db->backend->dialect->parts;
    const char *const *of_model = sm_schema_sqlite.parts;
    const struct {
        const char *query, *of_model, *remedy;
    } parts[] = {
        {of_db[0], of_model[0], restore}, {of_db[1], of_model[1], restore},
        {of_db[2], of_model[2], copy},    {of_db[3], of_model[3], copy},
        {functions, functions, restore},  {key, key, restore},
    };
    g_autoptr(SmDb) model = sm_db_open(":memory:", SM_DB_CREATE, error);
    gboolean ok = model != NULL && migrate(model, 0, version, error);

    for (gsize i = 0; ok && i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *missing =
            find_missing(db, parts[i].query, model, parts[i].of_model, error);

        ok = missing != NULL &&
             (*missing == '\0' ||
              sm_error_set(error, SM_ERROR_LEDGER, "ledger %s: %s: missing or changed; %s",
                           sm_db_path(db), missing, parts[i].remedy));
    }
    return ok;
}
