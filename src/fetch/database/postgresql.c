#include <stdlib.h>
#include <string.h>

#include "fetch/database/postgresql-session.h"
#include "fetch/database/schema.h"

enum {
    TYPE_INT8 = 20, /* of PostgreSQL's pg_type */
    TYPE_TEXT = 25,
};

static SmDbSession *
session_of(SmDb *db)
{
    return (SmDbSession *)db;
}

typedef struct {
    char *sql; /* as the server wants it */
    char *name;
    guint uses; /* prepared from the second on */
} Statement;

static void
statement_free(gpointer data)
{
    Statement *statement = data;

    g_free(statement->sql);
    g_free(statement->name);
    g_free(statement);
}

/* SQLite's ? and ?N are $N here. Caller frees. */
static char *
translate(const char *sql)
{
    GString *text = g_string_new(NULL);
    gboolean quoted = FALSE;
    int next = 1;

    for (const char *c = sql; *c != '\0'; c++) {
        if (*c == '\'')
            quoted = !quoted;
        if (*c != '?' || quoted)
            g_string_append_c(text, *c);
        else if (g_ascii_isdigit(c[1]))
            g_string_append_c(text, '$');
        else
            g_string_append_printf(text, "$%d", next++);
    }
    return g_string_free(text, FALSE);
}

static Statement *
statement_of(SmDbSession *session, const char *sql)
{
    Statement *statement = g_hash_table_lookup(session->statements, sql);

    if (statement == NULL) {
        statement = g_new0(Statement, 1);
        statement->sql = translate(sql);
        statement->name = g_strdup_printf("s%u", g_hash_table_size(session->statements));
        g_hash_table_insert(session->statements, g_strdup(sql), statement);
    }
    return statement;
}

/* A query's values as libpq wants them. */
typedef struct {
    int count;
    Oid *types;
    const char **texts;
    char **own; /* what of them is to be freed */
} Values;

static void
bind_values(Values *values, const SmDbQuery *query)
{
    gsize count = strlen(query->types);

    *values =
        (Values){(int)count, g_new(Oid, count), g_new(const char *, count), g_new0(char *, count)};
    for (gsize i = 0; i < count; i++) {
        const char *text = query->values[i].text;

        values->types[i] = query->types[i] == 'i' ? TYPE_INT8 : TYPE_TEXT;
        if (query->types[i] == 'i')
            values->own[i] = g_strdup_printf("%" G_GINT64_FORMAT, query->values[i].number);
        else if (text != NULL && !g_utf8_validate(text, -1, NULL))
            values->own[i] = g_utf8_make_valid(text, -1); /* the server takes no other */
        values->texts[i] = values->own[i] != NULL ? values->own[i] : text;
    }
}

static void
clear_values(Values *values)
{
    for (int i = 0; i < values->count; i++)
        g_free(values->own[i]);
    g_free(values->types);
    g_free(values->texts);
    g_free(values->own);
}

static PGresult *
run_bound(SmDbSession *session, const SmDbQuery *query)
{
    Statement *statement = statement_of(session, query->sql);
    PGresult *result = NULL;
    Values values;

    bind_values(&values, query);
    if (statement->uses == 1)
        result =
            sm_db_session_await(session, PQsendPrepare(session->conn, statement->name,
                                                       statement->sql, values.count, values.types));
    if (statement->uses == 0) {
        result = sm_db_session_await(session,
                                     PQsendQueryParams(session->conn, statement->sql, values.count,
                                                       values.types, values.texts, NULL, NULL, 0));
    } else if (statement->uses > 1 || sm_db_session_is_good(result)) {
        PQclear(result);
        result = sm_db_session_await(session, PQsendQueryPrepared(session->conn, statement->name,
                                                                  values.count, values.texts, NULL,
                                                                  NULL, 0));
    }
    if (sm_db_session_is_good(result))
        statement->uses++;
    clear_values(&values);
    return result;
}

/*
 * Does it; what was cut off before it could be known whether it was done is done once more, outside
 * of a transaction: the fence keeps a claim's holder from doing harm by that. No types: its text
 * may be several statements.
 */
static PGresult *
run(SmDbSession *session, const SmDbQuery *query, GError **error)
{
    PGresult *result = NULL;

    for (int tries = 0; tries < 2; tries++) {
        PQclear(result);
        if (!sm_db_session_ready(session, error))
            return NULL;
        result = query->types == NULL ? sm_db_session_run(session, query->sql)
                                      : run_bound(session, query);
        if (sm_db_session_is_alive(session) || session->in_transaction)
            break;
    }
    if (sm_db_session_is_good(result))
        return result;
    sm_db_session_fail(session, result, error);
    PQclear(result);
    return NULL;
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

static gboolean
each(SmDb *db, const SmTaker *taker, const SmDbQuery *query, GError **error)
{
    PGresult *result = run(session_of(db), query, error);
    SmRow row = {db->backend, result, 0};

    if (result == NULL)
        return FALSE;
    for (int rows = PQntuples(result); row.number < rows; row.number++)
        if (!taker->take(&row, taker->user_data))
            break;
    db->changed = atoi(PQcmdTuples(result));
    PQclear(result);
    return TRUE;
}

static gboolean
exec(SmDb *db, const char *sql, GError **error)
{
    PGresult *result = run(session_of(db), &(SmDbQuery){.sql = sql}, error);

    gboolean ok = result != NULL;

    PQclear(result);
    return ok;
}

static gboolean
verify(SmDb *db, GError **error)
{
    return exec(db, "SELECT 1", error);
}

static gboolean
begin_by(SmDb *db, const char *sql, GError **error)
{
    SmDbSession *session = session_of(db);

    session->in_transaction = exec(db, sql, error);
    return session->in_transaction;
}

/* The lock of the account is taken together with the beginning, and ends with the transaction. */
static gboolean
begin(SmDb *db, const char *account, GError **error)
{
    SmDbSession *session = session_of(db);
    g_autofree char *name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, account, -1);
    g_autofree char *sql = g_strdup_printf(
        "BEGIN; SELECT pg_advisory_xact_lock(%d, hashtext('%s'))", (gint32)session->schema, name);

    return begin_by(db, sql, error);
}

static gboolean
begin_reading(SmDb *db, GError **error)
{
    return begin_by(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error);
}

static gboolean
end(SmDb *db, gboolean ok, GError **error)
{
    SmDbSession *session = session_of(db);
    PGresult *result = NULL;
    gboolean committed;

    if (!sm_db_session_is_alive(session) || PQtransactionStatus(session->conn) == PQTRANS_IDLE) {
        if (ok && session->in_transaction)
            sm_db_session_fail(session, NULL, error);
        session->in_transaction = FALSE;
        return FALSE;
    }
    result = sm_db_session_run(session, ok ? "COMMIT" : "ROLLBACK");
    committed = sm_db_session_is_good(result) && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    if (ok && !committed)
        sm_db_session_fail(session, result, error);
    PQclear(result);
    session->in_transaction = FALSE;
    return committed;
}

/* What a server's end undoes, ends our session, too: then no lock is ours any more, or it is and
 * our fence is not the row's. */
static gboolean
defer(SmDb *db, gboolean deferring)
{
    static const char off[] =
        "SELECT set_config('scorefetch.commit', current_setting('synchronous_commit'), false),"
        " set_config('synchronous_commit', 'off', false)";
    static const char back[] =
        "SELECT set_config('synchronous_commit', current_setting('scorefetch.commit'), false)";
    SmDbSession *session = session_of(db);
    gboolean before = session->deferring;

    if (before != deferring)
        exec(db, deferring ? off : back, NULL);
    session->deferring = deferring;
    return before;
}

static gboolean
sync_server(SmDb *db, GError **error)
{
    return TRUE;
}

static gboolean
compact(SmDb *db, GError **error)
{
    return TRUE; /* autovacuum's affair */
}

static gboolean
schema(SmDb *db, gint64 *version, GError **error)
{
    gint64 tables;

    *version = 0;
    return sm_db_integer(db, error, &tables,
                         "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
                         " AND tablename = 'schema_version'",
                         "") &&
           (tables == 0 ||
            sm_db_integer(db, error, version, "SELECT max(version) FROM schema_version", ""));
}

static void
close_session(SmDb *db)
{
    SmDbSession *session = session_of(db);

    sm_db_session_clear(session);
    g_hash_table_unref(session->statements);
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
    .steps = sm_schema_postgresql,
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
    .verify = verify,
    .begin = begin,
    .begin_reading = begin_reading,
    .end = end,
    .defer = defer,
    .sync = sync_server,
    .compact = compact,
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
    session->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, statement_free);
    return sm_db_session_begin(session, where, password, error) ? g_steal_pointer(&db) : NULL;
}
