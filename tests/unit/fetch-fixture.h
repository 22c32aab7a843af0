/*
 * What the tests of scorefetch's modules share: a folder with a ledger and a
 * destination in it, an account for them, and processes to be in each other's way.
 */
#pragma once

#include <sys/types.h>

#include "common/event/event.h"
#include "fetch/job/fetch.h"
#include "fetch/rows/updates.h"
#include "fetch/store/store.h"

#define CSV "4300_20180410_111604.csv"
#define TXT "4300_20180410_111604.txt"

typedef struct {
    char *folder;
    char *path; /* of the ledger, in folder; or its place on a server, in a schema of this program's
                 */
    SmLedger *ledger;
    SmStore *store;    /* of the account's directory */
    SmAccount account; /* main: username reg, format = both, its password is secret-Pa55 */
} Fixture;

void fixture_set_up(Fixture *fixture, gconstpointer data);
void fixture_tear_down(Fixture *fixture, gconstpointer data);

/* Adds a case that has the fixture; body takes (Fixture *, gconstpointer data). */
#define ADD(path, data, body)                                                                      \
    g_test_add(path, Fixture, data, fixture_set_up, body, fixture_tear_down)

/* Whether the ledgers of this run are PostgreSQL's: $SCOREMAIL_TEST_SERVER is the place of a
 * database there, in libpq's KEYWORD=VALUE words. */
gboolean fixture_is_on_server(void);

/* Adds a case that only a ledger in a file has. */
#define ADD_OF_FILE(path, data, body)                                                              \
    if (!fixture_is_on_server())                                                                   \
    ADD(path, data, body)

/* Opens an empty ledger in place of the one that was there, which is closed. */
void fixture_forget_ledger(Fixture *fixture);

/* Takes away all that the ledger has on the server. */
void fixture_empty_schema(void);

/* Lets rows of the log be rewritten. */
void fixture_unlock_log(Fixture *fixture);

/* Runs an SQL statement on the ledger: what no function of ours does. */
void fixture_sql(Fixture *fixture, const char *sql);

/* The one integer that a query of the ledger has for an answer. */
gint64 fixture_number(Fixture *fixture, const char *sql);

/* The first column of a query's rows, one blank between: "" for none. Caller frees. */
char *fixture_texts(Fixture *fixture, const char *sql);

/* All that another process finds in the ledger. Caller frees. */
char *fixture_dump(Fixture *fixture);

/* How SQLite goes about the statements that body runs: a line for each table that it looks through.
 * Caller frees. */
char *fixture_plan(Fixture *fixture, void (*body)(Fixture *));

/* Records that message announced name for the account. */
void fixture_announce(Fixture *fixture, const char *name, const char *message);
SmEvent *fixture_event(const char *name, const char *message);

/* The row of name in the ledger, which must be there. */
SmFile *fixture_row(Fixture *fixture, const char *name);

/* sm_file_placing() of a part that is not encrypted. */
gboolean fixture_placing(SmLedger *ledger, SmFile *file, SmContent part, const char *etag,
                         const char *boot_id, GError **error);

/* A row of name in that state, by SQL, with nothing else set. */
SmFile *fixture_row_in(Fixture *fixture, const char *name, SmFileState state);

/* A row that has been through the ledger's own updates to `stored`, with these bytes. */
SmFile *fixture_stored_row(Fixture *fixture, const char *name, const char *bytes);

/* Files of the destination: NULL for one that is not there. Caller frees. */
void fixture_put(Fixture *fixture, const char *name, const char *bytes);
char *fixture_get(Fixture *fixture, const char *name);

/* All names in the destination, sorted, one blank between: "" for none. Caller frees. */
char *fixture_list(Fixture *fixture);

char *fixture_sha256(const char *bytes);

/*
 * A process of its own that runs body and exits with what it returns. It must
 * open a ledger of its own: connections do not survive a fork.
 */
typedef int (*Body)(gpointer data);
pid_t fixture_fork(Body body, gpointer data);

/* The process's end: its exit code, or -1 if a signal killed it. */
int fixture_wait(pid_t pid);

/* Asserts one line without a line break that has each of the texts, NULL-terminated, in it. */
void fixture_assert_says(const char *message, ...) G_GNUC_NULL_TERMINATED;
