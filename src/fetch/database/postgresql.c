#include <string.h>

#include "common/base/error.h"
#include "fetch/database/postgresql-session.h"

enum { PUT_MAX = 64 /* statements that one trip takes along */ };

static SmDbSession *
session_of(SmDb *db)
{
    return (SmDbSession *)db;
}

/* What comes before a statement in the same trip: the transaction's beginning, with the lock of the
 * account, which ends with it. */
static gboolean
put_before(SmDbSession *session)
{
    const SmDbValue lock[] = {{.number = (gint32)session->schema}, {.text = session->account}};

    if (session->opening == NULL)
        return !session->deferring ||
               sm_db_wire_put(
                   session,
                   &(SmDbQuery){.sql = "SELECT set_config('synchronous_commit', 'off', true)",
                                .types = ""});
    if (session->begun)
        return TRUE;
    session->begun = TRUE;
    return sm_db_wire_put(session, &(SmDbQuery){.sql = session->opening, .types = ""}) &&
           (session->account == NULL ||
            sm_db_wire_put(session,
                           &(SmDbQuery){"SELECT pg_advisory_xact_lock(?::bigint::int, hashtext(?))",
                                        "is", lock, FALSE}));
}

/*
 * What was cut off is done once more where nothing but this is lost with the session, and nothing
 * is done twice by that: what was not committed is not there. In a transaction nobody waits for a
 * statement whose answer does not matter: the next trip fails with it.
 */
static gboolean
each(SmDb *db, const SmTaker *taker, const SmDbQuery *query, GError **error)
{
    SmDbSession *session = session_of(db);

    for (gboolean again = FALSE;; again = TRUE) {
        gboolean first = !session->begun, taken = FALSE;
        g_autoptr(GError) fault = NULL;

        if (!sm_db_session_ready(session, error))
            return FALSE;
        if (put_before(session) && sm_db_wire_put(session, query)) {
            if (query->blind && session->begun && session->sent.length < PUT_MAX)
                return TRUE;
            if (sm_db_wire_ask(session, taker, &taken, &fault))
                return TRUE;
        }
        if (again || !first || taken || sm_db_wire_is_alive(session) ||
            (fault != NULL && query->changes && session->opening == NULL))
            return fault == NULL ? sm_db_wire_fail(session, NULL, error)
                                 : sm_error_pass(error, g_steal_pointer(&fault));
        session->begun = FALSE;
    }
}

static gint64
read_int64(const SmRow *row, int column)
{
    const char *text = PQgetvalue(row->answer, row->number, column);

    return *text == 't' ? 1 : g_ascii_strtoll(text, NULL, 10); /* NULL is "" */
}

static const char *
read_text(const SmRow *row, int column)
{
    return PQgetisnull(row->answer, row->number, column)
               ? NULL
               : PQgetvalue(row->answer, row->number, column);
}

/* Its text may be several statements, which cannot go with others. */
static gboolean
exec(SmDb *db, const char *sql, GError **error)
{
    gint64 one;

    return sm_db_integer(db, error, &one, "SELECT 1", "") &&
           sm_db_wire_run(session_of(db), sql, NULL, error);
}

/* The server hears of it together with the first statement. */
static gboolean
begin(SmDb *db, const char *account, GError **error)
{
    SmDbSession *session = session_of(db);

    if (!sm_db_session_ready(session, error))
        return FALSE;
    session->opening =
        account != NULL ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    session->account = g_strdup(account);
    return TRUE;
}

static gboolean
end_by(SmDbSession *session, const char *sql, GError **error)
{
    /* a commit of what has failed is a rollback that the server calls none of its errors */
    return PQtransactionStatus(session->conn) != (*sql == 'C' ? PQTRANS_INERROR : PQTRANS_IDLE) &&
           sm_db_wire_put(session, &(SmDbQuery){.sql = sql, .types = ""}) &&
           sm_db_wire_ask(session, NULL, NULL, error);
}

static gboolean
end(SmDb *db, gboolean ok, GError **error)
{
    SmDbSession *session = session_of(db);
    gboolean committed = ok;

    if (session->begun) {
        g_autoptr(GError) fault = NULL;

        committed = ok && end_by(session, "COMMIT", &fault);
        if (fault != NULL)
            g_propagate_error(error, g_steal_pointer(&fault));
        else if (ok && !committed)
            sm_db_wire_fail(session, NULL, error);
        /* the first one goes down with what was put before, where that fails */
        for (int tries = 0; !committed && tries < 2 && sm_db_wire_is_alive(session); tries++)
            end_by(session, "ROLLBACK", NULL);
    }
    session->begun = FALSE;
    session->opening = NULL;
    g_clear_pointer(&session->account, g_free);
    return committed;
}

/* What a server's end undoes, ends our session, too: then no lock is ours any more, or it is and
 * our fence is not the row's. */
static gboolean
defer(SmDb *db, gboolean deferring)
{
    gboolean before = session_of(db)->deferring;

    session_of(db)->deferring = deferring;
    return before;
}

/* Whether the tables are where this session does not see them, and would make others: nobody has
 * told it a search_path in `ledger`. */
static gboolean
is_elsewhere(SmDb *db, GError **error)
{
    static const char query[] =
        "SELECT n.nspname FROM pg_class f JOIN pg_namespace n ON n.oid = f.relnamespace"
        " JOIN pg_class v ON v.relnamespace = f.relnamespace AND v.relname = 'schema_version'"
        " WHERE f.relname = 'files' AND has_table_privilege(f.oid, 'INSERT')"
        " AND n.nspname IS DISTINCT FROM current_schema()" /* another process may make them now */
        " AND (SELECT source <> 'client' FROM pg_settings WHERE name = 'search_path') LIMIT 1";
    GError *fault = NULL;
    g_autofree char *schema = sm_db_first(db, &fault, &sm_db_texts, query, "");

    if (schema != NULL)
        sm_error_set(&fault, SM_ERROR_LEDGER,
                     "ledger %s: its tables are in schema %s, which search_path does not have"
                     " first; add options=-csearch_path=%s to ledger (for a new ledger, the name of"
                     " another schema)",
                     db->path, schema, schema);
    return !sm_error_pass(error, fault);
}

static gboolean
schema(SmDb *db, gint64 *version, GError **error)
{
    static const char query[] =
        "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables"
        " WHERE schemaname = current_schema() AND tablename IN ('files', 'schema_version')";
    GError *fault = NULL;
    g_autofree char *tables = sm_db_first(db, &fault, &sm_db_texts, query, "");

    *version = 0;
    if (tables == NULL)
        return sm_error_pass(error, fault) && !is_elsewhere(db, error);
    if (strcmp(tables, "files schema_version") == 0 &&
        !sm_db_integer(db, error, version, "SELECT max(version) FROM schema_version", ""))
        return FALSE;
    return *version > 0 ||
           sm_error_set(error, SM_ERROR_LEDGER,
                        "ledger %s: %s is missing; restore the ledger from a backup, or if these"
                        " tables are another program's, give it a schema of its own, see"
                        " postgresql.md",
                        db->path,
                        strcmp(tables, "schema_version") == 0 ? "table files"
                        : strcmp(tables, "files") == 0        ? "table schema_version"
                                                              : "the row of schema_version");
}

static void
close_session(SmDb *db)
{
    SmDbSession *session = session_of(db);

    sm_db_session_clear(session);
    g_free(session);
}

static gboolean
last_id(SmDb *db, const char *table, gint64 *last, GError **error)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s_id_seq", table);

    return sm_db_integer(db, error, last, sql, "");
}

static gboolean
set_last_id(SmDb *db, const char *table, gint64 last, GError **error)
{
    return sm_db_integer(db, error, &last, "SELECT setval(pg_get_serial_sequence(?1, 'id'), ?2)",
                         "si", table, last);
}

static const SmDbBackend backend = {
    .dialect = &sm_schema_postgresql,
    .columns = "SELECT CASE data_type WHEN 'bigint' THEN '#' ELSE '' END || column_name"
               " FROM information_schema.columns WHERE table_schema = current_schema()"
               " AND table_name = ? ORDER BY column_name COLLATE \"C\"",
    .last_id = last_id,
    .set_last_id = set_last_id,
    .close = close_session,
    .int64 = read_int64,
    .text = read_text,
    .each = each,
    .exec = exec,
    .verify = sm_db_session_verify,
    .begin = begin,
    .end = end,
    .defer = defer,
    .schema = schema,
    .lock = sm_db_session_lock,
    .is_locked = sm_db_session_is_locked,
    .unlock = sm_db_session_unlock,
};

SmDb *
sm_db_connect(const char *where, const char *password, GError **error)
{
    SmDbSession *session = g_new0(SmDbSession, 1);
    g_autoptr(SmDb) db = &session->db;

    db->backend = &backend;
    return sm_db_session_begin(session, where, password, error) ? g_steal_pointer(&db) : NULL;
}
