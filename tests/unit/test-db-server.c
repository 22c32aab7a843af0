/* A server's place: what is refused and what is added. A session that is cut off, if there is one.
 */
#include "fetch/database/postgresql-server.h"

#include <string.h>
#include <sys/resource.h>

#include "build-config.h"
#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/rows/claim.h"
#include "fetch/rows/prune.h"
#include "fetch/rows/updates.h"

/* What libpq is told of keyword; NULL: nothing. */
static const char *
value_of(const SmDbServer *server, const char *keyword)
{
    for (guint i = 0; server->keywords->pdata[i] != NULL; i++)
        if (strcmp(server->keywords->pdata[i], keyword) == 0)
            return server->values->pdata[i];
    return NULL;
}

static void
a_server_elsewhere_is_verified(void)
{
    static const struct {
        const char *where, *mode; /* NULL: libpq's own */
    } places[] = {
        {"postgresql://u@db.example.org/ledger", "verify-full"},
        {"postgresql:host=db.example.org", "verify-full"},
        {"postgresql://u@db.example.org/ledger?sslmode=verify-full", "verify-full"},
        {"postgresql://10.0.0.7/ledger", "verify-full"},
        {"postgresql://localhost,db.example.org/ledger", "verify-full"},
        {"postgresql:host=localhost hostaddr=10.0.0.7", "verify-full"},
        {"postgresql://127.example.org/ledger", "verify-full"},
        {"postgresql:///ledger", NULL},
        {"postgresql:", NULL},
        {"postgresql:host=/run/postgresql dbname=ledger", NULL},
        {"postgresql://%2Frun%2Fpostgresql/ledger", NULL},
        {"postgresql://127.0.0.1:5433/ledger", NULL},
        {"postgresql://[::1]/ledger?sslmode=disable", "disable"},
        {"postgresql:host=db.example.org hostaddr=127.0.0.2", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SmDbServer) server = sm_db_server_new(places[i].where, NULL, &error);

        g_test_message("%s", places[i].where);
        g_assert_no_error(error);
        g_assert_cmpstr(value_of(server, "sslmode"), ==, places[i].mode);
        g_assert_cmpstr(value_of(server, "target_session_attrs"), ==, "read-write");
        g_assert_null(value_of(server, "password"));
        g_assert_cmpstr(value_of(server, "passfile"), ==, "/dev/null/none");
    }
}

static void
what_the_place_says_does_not_change_some(void)
{
    static const char *const pairs[][2] = {{"client_encoding", "UTF8"},
                                           {"target_session_attrs", "read-write"}};
    g_autoptr(SmDbServer) server = sm_db_server_new(
        "postgresql:///ledger?client_encoding=LATIN1&target_session_attrs=any", NULL, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        guint last = server->keywords->len;

        while (g_strcmp0(server->keywords->pdata[last - 1], pairs[i][0]) != 0)
            last--; /* the last one counts */
        g_assert_cmpstr(server->values->pdata[last - 1], ==, pairs[i][1]);
    }
}

static void
what_is_not_safe_is_refused(void)
{
    static const struct {
        const char *where, *said;
    } places[] = {
        {"postgresql://u:seKret@localhost/ledger", "ledger-password-file"},
        {"postgresql://u:s%65Kret@db.example.org/ledger", "ledger-password-file"},
        {"postgresql://localhost/ledger?passwor%64=seKret", "ledger-password-file"},
        {"postgresql:host=/run password=seKret", "ledger-password-file"},
        {"postgresql://localhost/ledger?sslpassword=seKret", "ledger-password-file"},
        {"postgresql:host=/run passfile=/etc/seKret", "ledger-password-file"},
        {"postgresql:service=seKret", "service"},
        {"postgresql://db.example.org/ledger?sslmode=require", "verify-full"},
        {"postgresql://db.example.org/ledger?sslmode=verify-ca", "verify-full"},
        {"postgresql://db.example.org/ledger?sslmode=disable", "verify-full"},
        {"postgresql://10.0.0.7,localhost/ledger?sslmode=prefer", "verify-full"},
        {"postgresql:host=localhost hostaddr=10.0.0.7 sslmode=require", "verify-full"},
        {"postgresql:seKret", "cannot be read"},
        {"postgresql:passwort=seKret", "cannot be read"},
        {"postgresql://u:seKret@[::1/ledger", "cannot be read"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", places[i].where);
        g_assert_null(sm_db_server_new(places[i].where, NULL, &error));
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_CONFIG);
        fixture_assert_says(error->message, "key ledger", places[i].said, NULL);
        g_assert_null(strstr(error->message, "Kret"));
    }
}

static void
a_name_for_messages_tells_no_more(void)
{
    static const struct {
        const char *where, *name;
    } places[] = {
        {"postgresql://u@db.example.org:5433/ledger?application_name=x",
         "postgresql:ledger on db.example.org:5433"},
        {"postgresql:host=/run dbname=a", "postgresql:a on /run"},
        {"postgresql://u@a,b/l", "postgresql:l on a,b"},
        {"postgresql:", "postgresql:(the user's database) on this machine"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(SmDbServer) server = sm_db_server_new(places[i].where, "seKret", NULL);

        g_assert_cmpstr(server->name, ==, places[i].name);
        g_assert_cmpstr(value_of(server, "password"), ==, "seKret");
    }
}

/* Ends the session of db, as a server does that is stopped. */
static void
cut_off(Fixture *fixture, SmDb *db)
{
    g_autoptr(SmDb) killer = sm_db_connect(fixture->path, NULL, NULL);
    gint64 pid, left = 1;

    g_assert_true(sm_db_integer(db, NULL, &pid, "SELECT pg_backend_pid()", ""));
    g_assert_true(
        sm_db_run(killer, NULL, NULL, "SELECT pg_terminate_backend(CAST(? AS integer))", "i", pid));
    while (left > 0)
        g_assert_true(sm_db_integer(
            killer, NULL, &left, "SELECT count(*) FROM pg_stat_activity WHERE pid = ?", "i", pid));
}

static void
a_new_session_takes_over(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) other = sm_db_connect(fixture->path, NULL, NULL);
    SmDb *db = fixture->ledger->db;
    gboolean taken;

    g_assert_true(sm_db_lock(db, 7, &taken, NULL) && taken);
    for (int i = 0; i < 3; i++) { /* a statement that is prepared by then, too */
        g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM files"), ==, 0);
        cut_off(fixture, db);
    }
    fixture_sql(fixture, "UPDATE accounts SET looked = 1");
    g_assert_true(sm_db_is_locked(other, 7));
    g_assert_true(sm_db_lock(other, 7, &taken, NULL));
    g_assert_false(taken);
    cut_off(fixture, db);
    g_assert_true(sm_db_end(db, sm_db_begin(db, "main", NULL), NULL));
    cut_off(fixture, db);
    g_assert_true(sm_db_lock(db, 8, &taken, NULL) && taken);
    sm_db_unlock(db, 7);
    g_assert_true(sm_db_verify(db, NULL)); /* nobody waits for its end, else */
    g_assert_true(sm_db_lock(other, 7, &taken, NULL) && taken);
}

static void
a_lock_that_another_took_is_lost(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmDb) other = sm_db_connect(fixture->path, NULL, NULL);
    g_autoptr(GError) error = NULL;
    SmDb *db = fixture->ledger->db;
    gboolean taken;
    gint64 count;

    g_assert_true(sm_db_lock(db, 7, &taken, NULL) && taken);
    g_assert_true(sm_db_lock(db, 9, &taken, NULL) && taken);
    cut_off(fixture, db);
    g_assert_true(sm_db_lock(other, 7, &taken, NULL) && taken);
    g_assert_false(sm_db_integer(db, &error, &count, "SELECT count(*) FROM files", ""));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, "connection was lost", "claim", "retried", NULL);
    sm_db_unlock(other, 7); /* it was changed meanwhile: that it is free now does not help */
    g_assert_false(sm_db_exec(db, "UPDATE files SET fence = 1", NULL));
    g_assert_false(sm_db_begin(db, "main", NULL));
    g_assert_false(sm_db_lock(db, 8, &taken, NULL));
    sm_db_unlock(db, 7);
    g_assert_true(sm_db_integer(db, NULL, &count, "SELECT count(*) FROM files", ""));
    g_assert_true(sm_db_lock(other, 9, &taken, NULL));
    g_assert_false(taken); /* what nobody took is still ours */
}

static void
a_transaction_that_is_cut_off_is_undone(Fixture *fixture, gconstpointer data)
{
    static const char insert[] = "INSERT INTO accounts (name) VALUES ('cut')";
    SmDb *db = fixture->ledger->db;
    g_autoptr(GError) error = NULL;
    int changed;

    g_assert_true(sm_db_begin(db, "main", NULL));
    g_assert_true(sm_db_run(db, NULL, &changed, insert, ""));
    cut_off(fixture, db);
    g_assert_false(sm_db_run(db, &error, &changed, insert, ""));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    g_assert_false(sm_db_run(db, NULL, NULL, insert, "")); /* nor as one of its own */
    g_assert_false(sm_db_end(db, FALSE, NULL));
    g_assert_true(sm_db_begin(db, "main", NULL));
    g_assert_true(sm_db_run(db, NULL, NULL, insert, ""));
    cut_off(fixture, db);
    g_clear_error(&error);
    g_assert_false(sm_db_end(db, TRUE, &error));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM accounts"), ==, 0);
}

/* Both hosts hold the same name, one after the other; the first does not know that it is over. */
static void
who_lost_a_claim_changes_nothing(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmLedger) other = sm_ledger_share(fixture->ledger, NULL, NULL);
    SmClaim claim = {.ledger = fixture->ledger, .account = "main", .name = CSV};
    SmClaim theirs = {.ledger = other, .account = "main", .name = CSV};
    g_autoptr(SmFile) file = NULL;
    g_autoptr(SmFile) their_file = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    fixture_announce(fixture, CSV, "one");
    file = sm_claim_take(&claim, 0, NULL);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    cut_off(fixture, fixture->ledger->db);
    their_file = sm_claim_take(&theirs, 0, NULL);
    g_assert_nonnull(their_file);
    g_assert_true(sm_file_raise_fence(other, their_file, 0, NULL));
    before = fixture_dump(&(Fixture){.ledger = other});
    g_assert_false(sm_prune_is_ours(fixture->ledger, file, NULL));
    g_assert_false(fixture_placing(fixture->ledger, file, (SmContent){1, "a"}, NULL, "b", NULL));
    sm_claim_drop(&claim);
    g_assert_false(fixture_placing(fixture->ledger, file, (SmContent){1, "a"}, NULL, "b", NULL));
    g_assert_false(sm_prune_is_ours(fixture->ledger, file, NULL));
    g_assert_false(sm_file_forget(fixture->ledger, file, NULL));
    g_assert_true(sm_prune_is_ours(other, their_file, NULL));
    after = fixture_dump(&(Fixture){.ledger = other});
    g_assert_cmpstr(after, ==, before);
    g_assert_true(fixture_placing(other, their_file, (SmContent){1, "a"}, NULL, "b", NULL));
    sm_claim_drop(&theirs);
}

/* The server, or the one that takes its place, has lost that we raised the fence. */
static void
a_fence_that_was_undone_is_not_met_again(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmLedger) other = sm_ledger_share(fixture->ledger, NULL, NULL);
    SmClaim claim = {.ledger = fixture->ledger, .account = "main", .name = CSV};
    SmClaim theirs = {.ledger = other, .account = "main", .name = CSV};
    g_autoptr(SmFile) file = NULL;
    g_autoptr(SmFile) their_file = NULL;

    fixture_announce(fixture, CSV, "one");
    file = sm_claim_take(&claim, 0, NULL);
    g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
    cut_off(fixture, fixture->ledger->db);
    g_assert_true(sm_db_exec(other->db, "UPDATE files SET fence = 0", NULL));
    their_file = sm_claim_take(&theirs, 0, NULL);
    g_assert_true(sm_file_raise_fence(other, their_file, 0, NULL));
    sm_claim_drop(&theirs);
    while (sm_db_is_locked(other->db, file->id))
        ;
    g_assert_false(fixture_placing(fixture->ledger, file, (SmContent){1, "a"}, NULL, "b", NULL));
    sm_claim_drop(&claim);
}

static void
the_server_s_defaults_do_no_harm(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *name, *theirs, *ours;
    } settings[] = {
        {"default_transaction_isolation", "serializable", "read committed"},
        {"idle_session_timeout", "60000", "0"}, /* since version 14 */
        {"synchronous_commit", "off", "on"},
    };
    g_autoptr(GString) where = g_string_new(fixture->path);
    g_autoptr(SmDb) db = NULL;
    gint64 version;

    g_assert_true(sm_db_integer(fixture->ledger->db, NULL, &version,
                                "SELECT current_setting('server_version_num')::bigint", ""));
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        if (i != 1 || version >= 140000)
            g_string_append_printf(where, "\\ -c%s=%s", settings[i].name, settings[i].theirs);
    db = sm_db_connect(where->str, NULL, NULL);
    g_assert_nonnull(db);
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
        gint64 others;

        g_assert_true(sm_db_integer(db, NULL, &others,
                                    "SELECT count(*) FROM pg_settings WHERE name = ?"
                                    " AND setting <> ?",
                                    "ss", settings[i].name, settings[i].ours));
        g_assert_cmpint(others, ==, 0);
    }
}

/* What a pooler does that gives each transaction another session of the server, or two of us one.
 */
static void
a_session_that_others_share_is_noticed(Fixture *fixture, gconstpointer data)
{
    SmDb *db = fixture->ledger->db;
    g_autoptr(GError) of_lock = NULL;
    g_autoptr(GError) of_check = NULL;
    gboolean taken;

    g_assert_true(sm_db_verify(db, NULL));
    fixture_sql(fixture, "SET scorefetch.session = 'of another'");
    g_assert_false(sm_db_lock(db, 7, &taken, &of_lock) || taken);
    g_assert_false(sm_db_verify(db, &of_check));
    fixture_assert_says(of_lock->message, "pooler", NULL);
    fixture_assert_says(of_check->message, "pooler", NULL);
    cut_off(fixture, db);
    g_assert_true(sm_db_lock(db, 7, &taken, NULL) && taken);
}

static int
begin_for(gpointer data)
{
    char *const *words = data;
    g_autoptr(SmDb) db = sm_db_connect(words[0], NULL, NULL);

    return sm_db_end(db, sm_db_begin(db, words[1], NULL) && sm_db_verify(db, NULL), NULL) ? 0 : 1;
}

static void
writers_of_one_account_take_turns(Fixture *fixture, gconstpointer data)
{
    char other[] = "other", same[] = "main";
    char *words[] = {fixture->path, other};
    gint64 waiting = 0;
    pid_t pid;

    g_assert_true(sm_db_begin(fixture->ledger->db, "main", NULL));
    g_assert_true(sm_db_verify(fixture->ledger->db, NULL)); /* begins it there */
    pid = fixture_fork(begin_for, words);
    g_assert_cmpint(fixture_wait(pid), ==, 0);
    words[1] = same;
    pid = fixture_fork(begin_for, words);
    while (waiting == 0)
        waiting = fixture_number(fixture, "SELECT count(*) FROM pg_locks WHERE NOT granted");
    g_assert_true(sm_db_end(fixture->ledger->db, TRUE, NULL));
    g_assert_cmpint(fixture_wait(pid), ==, 0);
}

static void
bytes_that_are_no_text_do_no_harm(Fixture *fixture, gconstpointer data)
{
    g_assert_true(sm_ledger_log(fixture->ledger, "main", CSV, "x", "\xff\xfe", NULL));
    g_assert_true(sm_db_run(fixture->ledger->db, NULL, NULL,
                            "INSERT INTO keys (name, value) VALUES ('x', ?)", "s", "a\xc3"));
}

/* Whether another one sees that session within one. */
static gboolean
is_in_transaction(Fixture *fixture, gint64 pid)
{
    gint64 count = 0;
    g_autoptr(SmDb) other = sm_db_connect(fixture->path, NULL, NULL);

    g_assert_true(sm_db_integer(other, NULL, &count,
                                "SELECT count(*) FROM pg_stat_activity WHERE pid = ?"
                                " AND state LIKE 'idle in transaction%'",
                                "i", pid));
    return count > 0;
}

/* A trip for what its answer matters of, and one for the commit. */
static void
what_nobody_waits_for_goes_with_what_comes_next(Fixture *fixture, gconstpointer data)
{
    SmDb *db = fixture->ledger->db;
    gint64 pid, count;

    g_assert_true(sm_db_integer(db, NULL, &pid, "SELECT pg_backend_pid()", ""));
    g_assert_true(sm_db_begin(db, "main", NULL));
    g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO accounts (name) VALUES ('one')", ""));
    g_assert_false(is_in_transaction(fixture, pid));
    g_assert_true(sm_db_integer(db, NULL, &count, "SELECT count(*) FROM accounts", ""));
    g_assert_cmpint(count, ==, 1);
    g_assert_true(is_in_transaction(fixture, pid));
    g_assert_true(sm_db_end(db, TRUE, NULL));
    g_assert_false(is_in_transaction(fixture, pid));
    g_assert_true(sm_db_begin(db, "main", NULL)); /* nothing of it ever comes to the server */
    g_assert_true(sm_db_end(db, TRUE, NULL));
    for (int i = 0; i < 200; i++) { /* more than one trip takes along */
        if (i == 0)
            g_assert_true(sm_db_begin(db, "main", NULL));
        g_assert_true(sm_db_run(db, NULL, NULL, "UPDATE accounts SET synced = synced + 1", ""));
    }
    g_assert_true(sm_db_end(db, TRUE, NULL));
    g_assert_cmpint(fixture_number(fixture, "SELECT synced FROM accounts"), ==, 200);
}

/* Which was put, but for its answer, and what is new to the session behind it. */
static void
what_fails_in_between_undoes_all(Fixture *fixture, gconstpointer data)
{
    static const char twice[] = "INSERT INTO accounts (name) VALUES ('twice')";
    static const char fresh[] = "UPDATE accounts SET looked = 7";
    SmDb *db = fixture->ledger->db;

    g_assert_true(sm_db_run(db, NULL, NULL, twice, ""));
    for (int ending = 0; ending < 3; ending++) {
        g_autoptr(GError) error = NULL;
        gint64 count;

        g_assert_true(sm_db_begin(db, "main", NULL));
        g_assert_true(sm_db_run(db, NULL, NULL, "INSERT INTO accounts (name) VALUES ('a')", ""));
        g_assert_true(sm_db_run(db, &error, NULL, twice, ""));
        g_assert_true(sm_db_run(db, &error, NULL, fresh, ""));
        if (ending == 1)
            g_assert_false(sm_db_integer(db, &error, &count, "SELECT count(*) FROM accounts", ""));
        g_assert_false(sm_db_end(db, ending < 2, error == NULL ? &error : NULL));
        if (ending < 2) {
            g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
            fixture_assert_says(error->message, "duplicate key", NULL);
        }
        g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM accounts"), ==, 1);
    }
    g_assert_true(sm_db_run(db, NULL, NULL, fresh, ""));
    g_assert_cmpint(fixture_number(fixture, "SELECT looked FROM accounts"), ==, 7);
}

/* The session ends in the middle of it, once. */
static const char cuts_off[] =
    "SELECT CASE nextval('once') WHEN 1 THEN length(CAST(pg_terminate_backend(pg_backend_pid())"
    " AS text) || CAST(pg_sleep(30) AS text)) ELSE 7 END";

/* It may have been done. */
static void
a_change_that_is_cut_off_alone_is_not_done_again(Fixture *fixture, gconstpointer data)
{
    g_autofree char *sql =
        g_strdup_printf("INSERT INTO accounts (name) SELECT 'x' WHERE (%s) = 7", cuts_off);
    SmDb *db = fixture->ledger->db;

    fixture_sql(fixture, "CREATE SEQUENCE once");
    for (int way = 0; way < 2; way++) {
        g_autoptr(GError) error = NULL;

        fixture_sql(fixture, "SELECT setval('once', 1, FALSE)");
        if (way == 0) {
            g_assert_false(sm_db_run(db, &error, NULL, sql, ""));
            g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
        } else { /* of which nothing is there without its commit */
            int changed;

            g_assert_true(sm_db_begin(db, "main", NULL));
            g_assert_true(sm_db_run(db, NULL, &changed, sql, ""));
            g_assert_true(sm_db_end(db, TRUE, NULL));
        }
        g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM accounts"), ==, way);
    }
    fixture_sql(fixture, "DROP SEQUENCE once");
}

static void
what_is_cut_off_alone_is_done_again(Fixture *fixture, gconstpointer data)
{
    SmDb *db = fixture->ledger->db;

    fixture_sql(fixture, "CREATE SEQUENCE once");
    for (int way = 0; way < 3; way++) {
        gint64 number = 0;
        gboolean known = way == 2;

        fixture_sql(fixture, "SELECT setval('once', 1, FALSE)");
        if (way > 0)
            g_assert_true(sm_db_begin(db, "main", NULL));
        if (known) /* the transaction is the server's already */
            g_assert_true(sm_db_verify(db, NULL));
        g_assert_cmpint(sm_db_integer(db, NULL, &number, cuts_off, ""), ==, !known);
        g_assert_cmpint(number, ==, known ? 0 : 7);
        if (way > 0)
            g_assert_cmpint(sm_db_end(db, !known, NULL), ==, !known);
    }
    fixture_sql(fixture, "DROP SEQUENCE once");
}

static void
assert_commits(SmDb *db, const char *how)
{
    gint64 so = 0;

    g_assert_true(sm_db_integer(db, NULL, &so,
                                "SELECT count(*) WHERE current_setting('synchronous_commit') = ?",
                                "s", how));
    g_assert_cmpint(so, ==, 1);
}

static void
only_what_may_wait_for_the_disk_does(Fixture *fixture, gconstpointer data)
{
    SmDb *db = fixture->ledger->db;

    assert_commits(db, "on");
    g_assert_false(sm_db_defer(db, TRUE));
    assert_commits(db, "off");
    g_assert_true(sm_db_defer(db, FALSE));
    assert_commits(db, "on");
}

static gboolean
count_row(const SmRow *row, gpointer user_data)
{
    gint64 *wanted = user_data;

    return --*wanted > 0;
}

#define ROWS(value) "SELECT " value ", repeat('x', 1000) FROM generate_series(1, 60000) AS i"

/* 60 MB; nor does it keep those that nobody takes. */
static void
many_rows_take_little_memory(Fixture *fixture, gconstpointer data)
{
    SmDb *db = fixture->ledger->db;
    struct rusage before, after;

    getrusage(RUSAGE_SELF, &before);

    for (int i = 0; i < 2; i++) {
        gint64 wanted = i == 0 ? 60001 : 10;

        g_assert_true(sm_db_each(db, NULL, &(SmTaker){count_row, &wanted}, ROWS("i"), ""));
        g_assert_cmpint(wanted, ==, i == 0 ? 1 : 0);
    }
    getrusage(RUSAGE_SELF, &after);
#ifndef SM_SANITIZED /* the sanitizer keeps what was freed, to notice its use */
    g_assert_cmpint(after.ru_maxrss - before.ru_maxrss, <, 8192);
#endif
}

static void
rows_that_end_in_an_error_are_no_answer(Fixture *fixture, gconstpointer data)
{
    SmDb *db = fixture->ledger->db;
    g_autoptr(GError) error = NULL;
    gint64 wanted = 60000;

    g_assert_false(
        sm_db_each(db, &error, &(SmTaker){count_row, &wanted}, ROWS("1 / (50000 - i)"), ""));
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, "division by zero", NULL);
    g_assert_cmpint(wanted, ==, 60000 - 49999);
    assert_commits(db, "on");
}

/* Adds a case that only a ledger on a server has. */
#define ADD_OF_SERVER(path, body)                                                                  \
    if (fixture_is_on_server())                                                                    \
    ADD(path, NULL, body)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/db-server/a server elsewhere is verified", a_server_elsewhere_is_verified);
    g_test_add_func("/db-server/what the place says does not change some",
                    what_the_place_says_does_not_change_some);
    g_test_add_func("/db-server/what is not safe is refused", what_is_not_safe_is_refused);
    g_test_add_func("/db-server/a name for messages tells no more",
                    a_name_for_messages_tells_no_more);
    ADD_OF_SERVER("/db-server/a new session takes over", a_new_session_takes_over);
    ADD_OF_SERVER("/db-server/a lock that another took is lost", a_lock_that_another_took_is_lost);
    ADD_OF_SERVER("/db-server/a transaction that is cut off is undone",
                  a_transaction_that_is_cut_off_is_undone);
    ADD_OF_SERVER("/db-server/who lost a claim changes nothing", who_lost_a_claim_changes_nothing);
    ADD_OF_SERVER("/db-server/a fence that was undone is not met again",
                  a_fence_that_was_undone_is_not_met_again);
    ADD_OF_SERVER("/db-server/the server's defaults do no harm", the_server_s_defaults_do_no_harm);
    ADD_OF_SERVER("/db-server/a session that others share is noticed",
                  a_session_that_others_share_is_noticed);
    ADD_OF_SERVER("/db-server/writers of one account take turns",
                  writers_of_one_account_take_turns);
    ADD_OF_SERVER("/db-server/bytes that are no text do no harm",
                  bytes_that_are_no_text_do_no_harm);
    ADD_OF_SERVER("/db-server/what nobody waits for goes with what comes next",
                  what_nobody_waits_for_goes_with_what_comes_next);
    ADD_OF_SERVER("/db-server/what fails in between undoes all", what_fails_in_between_undoes_all);
    ADD_OF_SERVER("/db-server/what is cut off alone is done again",
                  what_is_cut_off_alone_is_done_again);
    ADD_OF_SERVER("/db-server/a change that is cut off alone is not done again",
                  a_change_that_is_cut_off_alone_is_not_done_again);
    ADD_OF_SERVER("/db-server/only what may wait for the disk does",
                  only_what_may_wait_for_the_disk_does);
    ADD_OF_SERVER("/db-server/many rows take little memory", many_rows_take_little_memory);
    ADD_OF_SERVER("/db-server/rows that end in an error are no answer",
                  rows_that_end_in_an_error_are_no_answer);
    return g_test_run();
}
