#include "fetch/database/postgresql-wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"

enum {
    TYPE_INT8 = 20, /* of PostgreSQL's pg_type */
    TYPE_TEXT = 25,
    CAUSE_MAX = 500,
    ANSWER_WAIT = 40, /* seconds; the server itself gives up a statement before */
};

typedef struct {
    char *sql; /* as the server wants it */
    char *name;
    gboolean prepared;
} Statement;

static void
statement_free(gpointer data)
{
    Statement *statement = data;

    g_free(statement->sql);
    g_free(statement->name);
    g_free(statement);
}

void
sm_db_wire_forget(SmDbSession *session)
{
    g_queue_clear(&session->sent);
    g_clear_pointer(&session->statements, g_hash_table_unref);
    session->syncs = 0;
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
    Statement *statement;

    if (session->statements == NULL)
        session->statements =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, statement_free);
    statement = g_hash_table_lookup(session->statements, sql);
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

gboolean
sm_db_wire_put(SmDbSession *session, const SmDbQuery *query)
{
    Statement *statement = statement_of(session, query->sql);
    PGconn *conn = session->conn;
    gboolean ok = TRUE;
    Values values;

    bind_values(&values, query);
    if (!statement->prepared) {
        ok = PQsendPrepare(conn, statement->name, statement->sql, values.count, values.types);
        statement->prepared = ok;
        if (ok)
            g_queue_push_tail(&session->sent, statement);
    }
    ok =
        ok && PQsendQueryPrepared(conn, statement->name, values.count, values.texts, NULL, NULL, 0);
    if (ok)
        g_queue_push_tail(&session->sent, NULL);
    clear_values(&values);
    return ok;
}

void
sm_db_wire_send(SmDbSession *session)
{
    session->syncs += (guint)PQpipelineSync(session->conn);
    PQflush(session->conn);
}

gboolean
sm_db_wire_is_alive(SmDbSession *session)
{
    struct pollfd socket = {PQsocket(session->conn), POLLIN, 0};

    while (socket.fd >= 0 && poll(&socket, 1, 0) == 1 && PQconsumeInput(session->conn))
        ; /* at the end of it stands whether the server has hung up */
    return !session->dead && PQstatus(session->conn) == CONNECTION_OK;
}

/* Of libpq's message the first line, and what each further server said. Caller frees. */
static char *
lines_of(const char *message)
{
    g_auto(GStrv) lines = g_strsplit(message, "\n", -1);
    GString *kept = g_string_new(lines[0]);

    for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], "connection to server") &&
            strstr(kept->str, lines[i]) == NULL)
            g_string_append_printf(kept, "; %s", lines[i]);
    return g_string_free(kept, FALSE);
}

#define MORE_CONNECTIONS "raise max_connections, or the limit of the role, database or pooler"

/* What to do about it: by the state, or where a session is refused by the words, since libpq does
 * not tell the state then, and a pooler has one for all. Of several servers' words the first row
 * counts. */
static const struct {
    const char *state, *words, *text; /* NULL: no state, or no words, has it */
} remedies[] = {
    {NULL, "*root certificate*", "check sslrootcert"},
    {NULL, "* alert *", "the server refuses the client's certificate; check sslcert and sslkey"},
    {NULL, "*certificate authentication failed*", "the certificate of sslcert must name the role"},
    {NULL, "*valid client certificate*", "set sslcert and sslkey"},
    {NULL, "*private key*", "check sslkey"},
    {NULL, "*certificate file*", "check sslcert"},
    {NULL, "*certificate*",
     "check sslrootcert, and the dates and the name of the server's certificate"},
    {NULL, "*not support SSL*", "turn on ssl on the server"},
    {"53100", NULL, "the server's disk is full; free space there"},
    {"53300", "*too many*", MORE_CONNECTIONS},
    {NULL, "*connection slots*", MORE_CONNECTIONS},
    {NULL, "*no more connections*", MORE_CONNECTIONS},
    {NULL, "*query_wait_timeout*", MORE_CONNECTIONS},
    {"55P03", NULL, "another process holds it; retried"},
    {"40", NULL, "another process was faster; retried"},
    {"57014", NULL, "it took too long; is the server overloaded?"},
    {"25006", "*read-only*", "it is a standby, or set to read-only; name the primary"},
    {"26000", "*pooling mode*", SM_DB_POOLER},
    {"42P05", NULL, SM_DB_POOLER},
    {"28P01", "*password authentication failed*", "check the role and ledger-password-file"},
    {NULL, "*no password supplied*", "set ledger-password-file"},
    {NULL, "*pg_hba.conf*no encryption*",
     "set sslmode=verify-full, or let this host in without TLS by the server's pg_hba.conf"},
    {"28000", "*pg_hba.conf*", "let this host, role and database in by the server's pg_hba.conf"},
    {NULL, "*Peer authentication failed*",
     "pg_hba.conf, pg_ident.conf on the server: let this system user have the role"},
    {NULL, "*not permitted to log in*", "give the role LOGIN, see postgresql.md"},
    {NULL, "*:  role * does not exist*", "create the role, see postgresql.md"},
    {"3D", "*:  database * does not exist*", "create the database, see postgresql.md"},
    {"42501", "*permission denied*", "the role lacks a right; see postgresql.md"},
    {"3F", NULL, "create the schema, see postgresql.md"},
    {"42P07", NULL, "another program's? give the ledger a schema of its own, see postgresql.md"},
    {"42883", NULL, "restore the ledger from a backup"},
    {"57", "*the database system is*", "retried"},
    {NULL, "*could not translate host name*", "check the host in ledger, and DNS; retried"},
    {NULL, "*:  *",
     "the server, or a pooler, refuses; see its log, and check role, database and options in "
     "ledger"},
    {NULL, "*invalid *", "correct it in ledger"},
    {NULL, "*", "is the server up, and does the network lead to it? retried"},
    {"", NULL, "run scorefetch check"},
};

static const char *
remedy(const char *state, const char *refusal)
{
    if (state != NULL && g_str_has_prefix(state, "08"))
        state = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(remedies); i++) {
        const char *known = state != NULL ? remedies[i].state : remedies[i].words;

        if (known != NULL && (state != NULL ? g_str_has_prefix(state, known)
                                            : g_pattern_match_simple(known, refusal)))
            return remedies[i].text;
    }
    return ""; /* the last row has each state, the one before all words */
}

gboolean
sm_db_wire_fail(SmDbSession *session, const PGresult *result, GError **error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *message = primary != NULL ? primary : PQerrorMessage(session->conn);
    g_autofree char *lines = lines_of(message);
    g_autofree char *cause =
        sm_text_clean(session->dead ? "the server has not answered in time" : lines, CAUSE_MAX);

    return sm_error_set(error, SM_ERROR_LEDGER, "ledger %s: %s (%s)", session->db.path, cause,
                        remedy(state, cause));
}

/* Waits until the next answer is whole; FALSE: not within the time. */
static gboolean
has_come(SmDbSession *session)
{
    gint64 deadline = g_get_monotonic_time() + ANSWER_WAIT * G_USEC_PER_SEC;
    int flushing;

    while ((flushing = PQflush(session->conn)) == 1 || PQisBusy(session->conn)) {
        short events = flushing == 1 ? POLLIN | POLLOUT : POLLIN;
        struct pollfd socket = {PQsocket(session->conn), events, 0};
        gint64 left = deadline - g_get_monotonic_time();

        if (left <= 0 || poll(&socket, 1, (int)(left / 1000) + 1) < 0) {
            session->dead = TRUE;
            return FALSE;
        }
        if (!PQconsumeInput(session->conn))
            break; /* PQgetResult() tells why */
    }
    return TRUE;
}

typedef struct {
    const SmTaker *taker;
    gboolean taken, enough;
    PGresult *fault; /* the first one */
} Answer;

static gboolean
is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE || status == PGRES_COMMAND_OK;
}

static void
hand_over(SmDbSession *session, Answer *answer, PGresult *result)
{
    SmRow row = {session->db.backend, result, 0};

    for (int rows = PQntuples(result); row.number < rows && !answer->enough; row.number++) {
        answer->taken = TRUE;
        answer->enough = !answer->taker->take(&row, answer->taker->user_data);
    }
    session->db.changed = atoi(PQcmdTuples(result));
}

/* Takes an answer; NULL: the oldest statement has no more of them. */
static void
take(SmDbSession *session, Answer *answer, PGresult *result)
{
    Statement *preparing = g_queue_peek_head(&session->sent);

    if (result == NULL && session->sent.length == 0)
        session->dead = answer->fault == NULL; /* it makes no sense any more */
    else if (result == NULL)
        g_queue_pop_head(&session->sent);
    else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
        session->syncs--;
    else if (!is_good(result) && preparing != NULL)
        preparing->prepared = FALSE;
    else if (is_good(result) && answer->taker != NULL && session->sent.length == 1)
        hand_over(session, answer, result);
    if (result != NULL && PQresultStatus(result) == PGRES_FATAL_ERROR && answer->fault == NULL)
        answer->fault = result;
    else
        PQclear(result);
}

gboolean
sm_db_wire_ask(SmDbSession *session, const SmTaker *taker, gboolean *taken, GError **error)
{
    Answer answer = {.taker = taker};
    gboolean ok;

    sm_db_wire_send(session);
    while (session->syncs > 0 && !session->dead && PQstatus(session->conn) == CONNECTION_OK) {
        if (session->sent.length == 1)
            PQsetSingleRowMode(session->conn); /* however many there are, one is in memory */
        if (!has_come(session))
            break;
        take(session, &answer, PQgetResult(session->conn));
    }
    ok = answer.fault == NULL && session->syncs == 0 && !session->dead;
    if (taken != NULL)
        *taken = answer.taken;
    if (!ok)
        sm_db_wire_fail(session, answer.fault, error);
    PQclear(answer.fault);
    return ok;
}

gboolean
sm_db_wire_run(SmDbSession *session, const char *text, gint64 *number, GError **error)
{
    PGresult *last = NULL, *next;
    gboolean ok = PQexitPipelineMode(session->conn) && PQsendQuery(session->conn, text);

    while (ok && has_come(session) && (next = PQgetResult(session->conn)) != NULL) {
        PQclear(last);
        last = next;
    }
    ok = is_good(last);
    if (ok && number != NULL)
        *number = g_ascii_strtoll(PQgetvalue(last, 0, 0), NULL, 10);
    if (!ok)
        sm_db_wire_fail(session, last, error);
    PQclear(last);
    PQsetnonblocking(session->conn, TRUE);
    return PQenterPipelineMode(session->conn) && ok;
}
