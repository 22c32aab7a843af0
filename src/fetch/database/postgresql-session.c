#include "fetch/database/postgresql-session.h"

#include <poll.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/database/postgresql-server.h"

enum {
    CAUSE_MAX = 300,
    ANSWER_WAIT = 40, /* seconds; the server itself gives up a statement before */
    SLOW = 2,         /* seconds: a new session that fails after them is not tried again for REST */
    REST = 15,        /* seconds */
    LOCK_SHIFT = 44,  /* bits that the locks of a ledger need, see lock.h */
};

/* What each session begins with. Commits wait for the disk whatever the server's default is. */
static const char session_setup[] =
    "SET statement_timeout = '35s'; SET lock_timeout = '30s';"
    "SET idle_in_transaction_session_timeout = '60s';"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    "SET tcp_user_timeout = 20000; SET jit = off;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off';"
    "SELECT coalesce(to_regnamespace(quote_ident(current_schema()))::oid, 0)";

static const char *
remedy(const char *state)
{
    static const struct {
        const char *prefix, *text;
    } remedies[] = {
        {"53100", "the server's disk is full; free space there"},
        {"53300", "the server has too many connections; raise max_connections"},
        {"55P03", "another process holds it; retried"},
        {"40", "another process was faster; retried"},
        {"57014", "it took too long; is the server overloaded?"},
        {"42501", "the role lacks a right; see postgresql.md"},
        {"25006", "it is a standby; name the primary"},
        {"28", "check the role, ledger-password-file and the server's pg_hba.conf"},
        {"3D", "create the database, see postgresql.md"},
        {"3F", "create the schema, see postgresql.md"},
        {"57", "retried"},
        {"", "see scoremail.conf(5), ledger"},
    };
    gsize i = 0;

    while (!g_str_has_prefix(state, remedies[i].prefix))
        i++;
    return remedies[i].text;
}

/* result may be NULL: there is no answer. */
gboolean
sm_db_session_fail(SmDbSession *session, const PGresult *result, GError **error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *message = primary != NULL ? primary : PQerrorMessage(session->conn);
    g_autofree char *line = g_strndup(message, strcspn(message, "\n"));
    g_autofree char *cause =
        sm_text_clean(session->dead ? "the server has not answered in time" : line, CAUSE_MAX);

    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s (%s)", session->db.path, cause,
                state != NULL ? remedy(state)
                              : "is the server up, and does it let this role in? retried");
    return FALSE;
}

gboolean
sm_db_session_is_alive(const SmDbSession *session)
{
    return !session->dead && PQstatus(session->conn) == CONNECTION_OK;
}

/* Waits for the socket; FALSE: not within the time. */
static gboolean
wait_for(SmDbSession *session, short events, gint64 deadline)
{
    struct pollfd socket = {PQsocket(session->conn), events, 0};
    gint64 left = deadline - g_get_monotonic_time();

    return left > 0 && poll(&socket, 1, (int)(left / 1000) + 1) >= 0;
}

static gboolean
has_come(SmDbSession *session, gint64 deadline)
{
    int flushing;

    while ((flushing = PQflush(session->conn)) == 1 || PQisBusy(session->conn)) {
        if (!wait_for(session, flushing == 1 ? POLLIN | POLLOUT : POLLIN, deadline)) {
            session->dead = TRUE;
            return FALSE;
        }
        if (!PQconsumeInput(session->conn))
            break; /* PQgetResult() tells why */
    }
    return TRUE;
}

/* The answer to what was sent (TRUE: it could be): its last result, or the one with the error. NULL
 * where there is none in time. */
PGresult *
sm_db_session_await(SmDbSession *session, gboolean sent)
{
    gint64 deadline = g_get_monotonic_time() + ANSWER_WAIT * G_USEC_PER_SEC;
    PGresult *last = NULL, *next;

    while (sent && has_come(session, deadline) && (next = PQgetResult(session->conn)) != NULL) {
        PQclear(last);
        last = next;
    }
    return last;
}

gboolean
sm_db_session_is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

PGresult *
sm_db_session_run(SmDbSession *session, const char *sql)
{
    return sm_db_session_await(session, PQsendQuery(session->conn, sql));
}

/* The one number that sql answers. */
static gboolean
ask_number(SmDbSession *session, const char *sql, gint64 *number, GError **error)
{
    PGresult *result = sm_db_session_run(session, sql);
    gboolean ok = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;

    if (ok)
        *number = *PQgetvalue(result, 0, 0) == 't'
                      ? 1
                      : g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    else
        sm_db_session_fail(session, result, error);
    PQclear(result);
    return ok;
}

/* A session has just begun. */
static gboolean
set_up(SmDbSession *session, GError **error)
{
    const char *encoding = PQparameterStatus(session->conn, "server_encoding");
    gint64 schema = 0;

    if (!ask_number(session, session_setup, &schema, error))
        return FALSE;
    session->schema = (guint32)schema;
    if (schema != 0 && g_strcmp0(encoding, "UTF8") == 0)
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "ledger %s: %s", session->db.path,
                schema == 0 ? "no schema of its search_path exists; create it, see postgresql.md"
                            : "its database is not in UTF8; create one with ENCODING 'UTF8'");
    return FALSE;
}

/* The number that a lock of this ledger has among all of the database. */
static gint64
number_of(const SmDbSession *session, gint64 lock)
{
    return (gint64)((guint64)lock + ((guint64)session->schema << LOCK_SHIFT));
}

static gboolean
try_lock(SmDbSession *session, gint64 lock, gboolean *taken, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT pg_try_advisory_lock(%" G_GINT64_FORMAT ")",
                                           number_of(session, lock));
    gint64 answer = 0;
    gboolean ok = ask_number(session, sql, &answer, error);

    *taken = answer != 0;
    return ok;
}

static gpointer
key_of(gint64 lock)
{
    return (gpointer)(gintptr)lock;
}

/* With a session its locks have gone; somebody else may have taken them since. */
static gboolean
take_locks_again(SmDbSession *session, GError **error)
{
    GHashTableIter all;
    gpointer lock;

    g_hash_table_iter_init(&all, session->held);
    while (g_hash_table_iter_next(&all, &lock, NULL)) {
        gboolean taken;

        if (!try_lock(session, (gint64)(gintptr)lock, &taken, error))
            return FALSE;
        if (!taken) {
            g_hash_table_add(session->lost, lock);
            g_hash_table_iter_remove(&all);
        }
    }
    return TRUE;
}

/* Where the server does not even refuse, whatever is still to be asked or recorded would wait as
 * long once more. */
static gboolean
reset(SmDbSession *session)
{
    gint64 began = g_get_monotonic_time(), ended;

    if (session->given_up != 0 && began < session->given_up + REST * G_USEC_PER_SEC)
        return FALSE;
    PQreset(session->conn);
    session->dead = FALSE;
    ended = g_get_monotonic_time();
    session->given_up =
        PQstatus(session->conn) != CONNECTION_OK && ended > began + SLOW * G_USEC_PER_SEC ? ended
                                                                                          : 0;
    return PQstatus(session->conn) == CONNECTION_OK;
}

/* There is a connection; not within a transaction, which has ended with its own. */
static gboolean
connect_again(SmDbSession *session, GError **error)
{
    if (sm_db_session_is_alive(session))
        return TRUE;
    if (session->in_transaction)
        return sm_db_session_fail(session, NULL, error);
    if (!reset(session))
        return sm_db_session_fail(session, NULL, error);
    g_hash_table_remove_all(session->statements);
    return set_up(session, error) && take_locks_again(session, error);
}

static gboolean
has_its_claims(SmDbSession *session, GError **error)
{
    if (g_hash_table_size(session->lost) == 0)
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_LEDGER,
                "ledger %s: the connection was lost, and the claim with it to another process; "
                "retried",
                session->db.path);
    return FALSE;
}

gboolean
sm_db_session_lock(SmDb *db, gint64 number, gboolean *taken, GError **error)
{
    SmDbSession *session = (SmDbSession *)db;

    *taken = FALSE;
    if (!sm_db_session_ready(session, error))
        return FALSE;
    if (!try_lock(session, number, taken, error)) {
        if (sm_db_session_is_alive(session))
            return FALSE;
        g_clear_error(error);
        if (!connect_again(session, error) || !try_lock(session, number, taken, error))
            return FALSE;
    }
    if (*taken)
        g_hash_table_add(session->held, key_of(number));
    return TRUE;
}

gboolean
sm_db_session_is_locked(SmDb *db, gint64 number)
{
    SmDbSession *session = (SmDbSession *)db;
    guint64 key = (guint64)number_of(session, number);
    g_autofree char *sql = g_strdup_printf(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND classid = %u AND objid = %u",
        (guint)(key >> 32), (guint)(key & G_MAXUINT32));
    gint64 count = 0;

    return sm_db_session_ready(session, NULL) && ask_number(session, sql, &count, NULL) &&
           count > 0;
}

void
sm_db_session_unlock(SmDb *db, gint64 number)
{
    SmDbSession *session = (SmDbSession *)db;
    g_autofree char *sql = NULL;
    gint64 ignored;

    g_hash_table_remove(session->lost, key_of(number));
    if (!g_hash_table_remove(session->held, key_of(number)) || !sm_db_session_is_alive(session))
        return;
    sql = g_strdup_printf("SELECT pg_advisory_unlock(%" G_GINT64_FORMAT ")",
                          number_of(session, number));
    ask_number(session, sql, &ignored, NULL);
}

gboolean
sm_db_session_ready(SmDbSession *session, GError **error)
{
    return connect_again(session, error) && has_its_claims(session, error);
}

static void
ignore_notice(void *data, const char *message)
{
}

gboolean
sm_db_session_begin(SmDbSession *session, const char *where, const char *password, GError **error)
{
    g_autoptr(SmDbServer) server = sm_db_server_new(where, password, error);

    if (server == NULL)
        return FALSE;
    session->db.path = g_steal_pointer(&server->name);
    session->held = g_hash_table_new(NULL, NULL);
    session->lost = g_hash_table_new(NULL, NULL);
    session->conn = PQconnectdbParams((const char *const *)server->keywords->pdata,
                                      (const char *const *)server->values->pdata, 0);
    session->db.handle = session->conn;
    PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
    if (PQstatus(session->conn) != CONNECTION_OK)
        return sm_db_session_fail(session, NULL, error);
    return set_up(session, error);
}

void
sm_db_session_clear(SmDbSession *session)
{
    PQfinish(session->conn);
    g_clear_pointer(&session->held, g_hash_table_unref);
    g_clear_pointer(&session->lost, g_hash_table_unref);
    g_free(session->db.path);
}
