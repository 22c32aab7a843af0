#include "fetch/database/postgresql-session.h"

#include "common/base/error.h"
#include "fetch/database/postgresql-server.h"

enum {
    SLOW = 2,        /* seconds: a new session that fails after them is not tried again for REST */
    REST = 15,       /* seconds */
    LOCK_SHIFT = 44, /* bits that the locks of a ledger need, see lock.h */
};

/* What each session begins with, whatever the server's defaults are: commits wait for the disk, and
 * a claim may be idle for as long as a download. */
static const char session_setup[] =
    "SET default_transaction_isolation = 'read committed';"
    "SET statement_timeout = '35s'; SET lock_timeout = '30s';"
    "SET idle_in_transaction_session_timeout = '60s';"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    "SET tcp_user_timeout = 20000; SET jit = off;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off';"
    "SELECT coalesce(to_regnamespace(quote_ident(current_schema()))::oid, 0)";

/* Has a mark, which whoever shares the server's session overwrites: whoever does not find it in
 * what begins with OWN is in another one. */
#define MARK "scorefetch.session"
#define OWN " WHERE current_setting('" MARK "', true) = ?1"

static char *
setup_of(const SmDbSession *session)
{
    int version = PQserverVersion(session->conn);

    return g_strdup_printf(
        "%s%sSET " MARK " = '%s'; %s", version >= 140000 ? "SET idle_session_timeout = 0; " : "",
        version >= 170000 ? "SET transaction_timeout = 0; " : "", session->mark, session_setup);
}

/* A session has just begun. */
static gboolean
set_up(SmDbSession *session, GError **error)
{
    const char *encoding = PQparameterStatus(session->conn, "server_encoding");
    g_autofree char *setup = setup_of(session);
    gint64 schema = 0;

    if (!sm_db_wire_run(session, setup, &schema, error))
        return FALSE;
    session->schema = (guint32)schema;
    if (schema != 0 && g_strcmp0(encoding, "UTF8") == 0)
        return TRUE;
    return sm_error_set(error, SM_ERROR_LEDGER, "ledger %s: %s", session->db.path,
                        schema == 0
                            ? "no schema of its search_path exists; create it, see postgresql.md"
                            : "its database is not in UTF8; create one with ENCODING 'UTF8'");
}

/* The number that a lock of this ledger has among all of the database. */
static gint64
number_of(const SmDbSession *session, gint64 lock)
{
    return (gint64)((guint64)lock + ((guint64)session->schema << LOCK_SHIFT));
}

/* FALSE: the answer was not our session's. */
static gboolean
is_own(SmDbSession *session, gboolean answered, GError **error)
{
    if (!answered)
        sm_error_set(error, SM_ERROR_LEDGER,
                     "ledger %s: another session answers than ours (" SM_DB_POOLER ")",
                     session->db.path);
    return answered;
}

static gboolean
try_lock(SmDbSession *session, gint64 lock, gboolean *taken, GError **error)
{
    const SmDbValue values[] = {{.text = session->mark}, {.number = number_of(session, lock)}};
    gboolean answered = FALSE;
    gint64 answer = 0;
    gboolean ok =
        sm_db_wire_put(session,
                       &(SmDbQuery){"SELECT pg_try_advisory_lock(?2)" OWN, "si", values, FALSE})
            ? sm_db_wire_ask(session, &(SmTaker){sm_db_take_integer, &answer}, &answered, error)
            : sm_db_wire_fail(session, NULL, error);

    ok = ok && is_own(session, answered, error);
    *taken = answer != 0;
    return ok;
}

/* What the role may not do that some delivery does. */
static const char lacking[] =
    "SELECT relname FROM pg_class"
    " WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))"
    " AND CASE WHEN relkind = 'S' AND relname ~ '^(accounts|events|files|handovers|log)_id_seq$'"
    "  THEN NOT has_sequence_privilege(oid, 'USAGE')"
    " WHEN relkind = 'r' AND relname IN ('accounts', 'alerts', 'days', 'events', 'files',"
    "  'handovers', 'keys', 'log', 'totals')"
    "  THEN NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')"
    "   AND has_table_privilege(oid, 'DELETE')"
    "   AND (relname = 'log' OR has_table_privilege(oid, 'UPDATE')) AND NOT "
    "row_security_active(oid))"
    " END ORDER BY relname LIMIT 1";

gboolean
sm_db_session_verify(SmDb *db, GError **error)
{
    SmDbSession *session = (SmDbSession *)db;
    GError *fault = NULL;
    g_autofree char *what = NULL;
    gint64 one;

    if (!sm_db_integer(db, error, &one, "SELECT 1" OWN, "s", session->mark) ||
        !is_own(session, one == 1, error))
        return FALSE;
    what = sm_db_first(db, &fault, &sm_db_texts, lacking, "");
    if (what != NULL)
        sm_error_set(&fault, SM_ERROR_LEDGER,
                     "ledger %s: the role may not use all of %s; see postgresql.md", db->path,
                     what);
    return sm_error_pass(error, fault);
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
    session->dead = session->begun = FALSE;
    ended = g_get_monotonic_time();
    session->given_up =
        PQstatus(session->conn) != CONNECTION_OK && ended > began + SLOW * G_USEC_PER_SEC ? ended
                                                                                          : 0;
    return PQstatus(session->conn) == CONNECTION_OK;
}

static gboolean
connect_again(SmDbSession *session, GError **error)
{
    if (sm_db_wire_is_alive(session))
        return TRUE;
    if (session->begun || !reset(session))
        return sm_db_wire_fail(session, NULL, error);
    sm_db_wire_forget(session);
    return set_up(session, error) && take_locks_again(session, error);
}

static gboolean
has_its_claims(SmDbSession *session, GError **error)
{
    if (g_hash_table_size(session->lost) == 0)
        return TRUE;
    return sm_error_set(
        error, SM_ERROR_LEDGER,
        "ledger %s: the connection was lost, and the claim with it to another process; retried",
        session->db.path);
}

gboolean
sm_db_session_ready(SmDbSession *session, GError **error)
{
    return connect_again(session, error) && has_its_claims(session, error);
}

gboolean
sm_db_session_lock(SmDb *db, gint64 number, gboolean *taken, GError **error)
{
    SmDbSession *session = (SmDbSession *)db;
    g_autoptr(GError) cut = NULL;

    *taken = FALSE;
    if (!sm_db_session_ready(session, error))
        return FALSE;
    if (!try_lock(session, number, taken, &cut)) {
        if (sm_db_wire_is_alive(session))
            return sm_error_pass(error, g_steal_pointer(&cut));
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
    guint64 key = (guint64)number_of((SmDbSession *)db, number);
    gint64 count = 0;

    return sm_db_integer(
               db, NULL, &count,
               "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
               " AND granted AND classid::bigint = ? AND objid::bigint = ?"
               " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
               "ii", (gint64)(key >> 32), (gint64)(key & G_MAXUINT32)) &&
           count > 0;
}

/* What comes next brings the answer along. */
void
sm_db_session_unlock(SmDb *db, gint64 number)
{
    SmDbSession *session = (SmDbSession *)db;

    g_hash_table_remove(session->lost, key_of(number));
    if (g_hash_table_remove(session->held, key_of(number)) && sm_db_wire_is_alive(session) &&
        sm_db_wire_put(session,
                       &(SmDbQuery){"SELECT pg_advisory_unlock(?)", "i",
                                    &(SmDbValue){.number = number_of(session, number)}, FALSE}))
        sm_db_wire_send(session);
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
    session->mark = g_uuid_string_random();
    session->held = g_hash_table_new(NULL, NULL);
    session->lost = g_hash_table_new(NULL, NULL);
    session->conn = PQconnectdbParams((const char *const *)server->keywords->pdata,
                                      (const char *const *)server->values->pdata, 0);
    session->db.handle = session->conn;
    PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
    if (PQstatus(session->conn) != CONNECTION_OK)
        return sm_db_wire_fail(session, NULL, error);
    return set_up(session, error);
}

void
sm_db_session_clear(SmDbSession *session)
{
    sm_db_wire_forget(session);
    PQfinish(session->conn);
    g_clear_pointer(&session->held, g_hash_table_unref);
    g_clear_pointer(&session->lost, g_hash_table_unref);
    g_free(session->account);
    g_free(session->mark);
    g_free(session->db.path);
}
