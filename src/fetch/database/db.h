/*
 * This room has the database below the ledger, SQLite or PostgreSQL, and its tables.
 *
 * Statements run with their values bound in one call, rows are read by column, and failures are
 * GErrors with path, cause and remedy. What kind of database it is, only backend.h and the modules
 * behind it know. An SmDb belongs to one thread; sm_db_share() makes another one's.
 */
#pragma once

#include <glib.h>

typedef struct SmDb SmDb;

/* A row of a query's answer, valid while it is being handed over. Columns count from 0. */
typedef struct SmRow SmRow;

typedef enum {
    SM_DB_READ,   /* nothing can be changed */
    SM_DB_WRITE,  /* it is there */
    SM_DB_CREATE, /* it is made where it is missing */
} SmDbUse;

/*
 * Opens the database file at path; ":memory:" is a new one without a file. A lock of
 * others is waited for up to 30 s. Caller closes. SM_ERROR_LEDGER.
 */
SmDb *sm_db_open(const char *path, SmDbUse use, GError **error);

/* The files and folders that a session with the server at where may read whenever it begins anew,
 * those of TLS; none where it is a file's place. Caller frees. */
GStrv sm_db_server_files(const char *where);

/*
 * Opens a database of the PostgreSQL server at where; password may be NULL. The server ends a
 * statement after 35 s, and the session of a host that is cut off after half a minute.
 * Caller closes. SM_ERROR_CONFIG where the place is not one that is allowed, or this
 * program was built without PostgreSQL, SM_ERROR_LEDGER.
 */
SmDb *sm_db_connect(const char *where, const char *password, GError **error);

/* The lock file beside a database in the file at path. Caller frees. */
char *sm_db_lock_file(const char *path);

/*
 * The same connection for another thread: whoever has begun a transaction is alone with it until
 * that ends, all else goes statement by statement. NULL: a server's, which is connected to once
 * more. Caller closes.
 */
SmDb *sm_db_share(SmDb *db);

/* Closes db; NULL is allowed. */
void sm_db_close(SmDb *db);

/* Whether it is a server's. */
gboolean sm_db_is_server(const SmDb *db);

/* The path that it was opened with, or a server's name for messages; db's own. */
const char *sm_db_path(const SmDb *db);

/* The version of SQLite, "3.40.1"; static. */
const char *sm_db_version(void);

/* An integer column; 0 for SQL's NULL. */
gint64 sm_row_int64(const SmRow *row, int column);

/* A text column; NULL for SQL's NULL. The row's own. */
const char *sm_row_text(const SmRow *row, int column);

/*
 * In what follows types has one letter for each value that is bound to sql, in
 * order: 'i' a gint64, 's' a string or NULL (copied).
 */

/* Who takes rows: take has each of them, and ends the query by FALSE. It asks db nothing meanwhile,
 * and takes no longer than a server's patience. */
typedef struct {
    gboolean (*take)(const SmRow *row, gpointer user_data);
    gpointer user_data;
} SmTaker;

/* A column becomes a member of a struct: 'i' a gint64, 'n' an int or an enum, 's' a text, '-' none.
 */
typedef struct {
    char kind;
    gsize offset;
} SmField;

/* clang-format off */
#define SM_FIELD(type, member)                                                                     \
    {                                                                                              \
        _Generic(((type){0}).member, gint64 : 'i', char * : 's', const char * : 's',           \
                 default : 'n'), G_STRUCT_OFFSET(type, member)                                     \
    }
/* clang-format on */

/* How a row becomes a struct, all else in which is 0. */
typedef struct {
    gsize size;            /* of the struct; 0: a row becomes its first text, a string */
    const SmField *fields; /* for its columns, in their order */
    guint count;
    void (*finish)(gpointer made, const SmRow *row); /* sets the rest, may be NULL */
    /* NULL: g_free() frees it together with its texts; else they are strings by themselves, which
     * this frees too (sm_db_clear()) */
    GDestroyNotify release;
} SmMaker;

/* A maker of structs of TYPE, which g_free() frees; finish may be NULL. */
/* clang-format off */
#define SM_MAKER(type, fields, finish)                                                             \
    {                                                                                              \
        sizeof(type), fields, G_N_ELEMENTS(fields), finish, NULL                                   \
    }
/* clang-format on */

/* A row becomes its first text. */
extern const SmMaker sm_db_texts;

/* Frees the texts of what maker, which has a release, has made. */
void sm_db_clear(const SmMaker *maker, gpointer made);

/* Takes what was made of a row, and is freed after that; FALSE ends the query. */
typedef gboolean (*SmTakeMade)(gconstpointer made, gpointer user_data);

/* Who is handed what maker makes of rows. */
typedef struct {
    const SmMaker *maker;
    SmTakeMade take;
    gpointer user_data;
} SmReader;

/* What there is by name (struct), for rows whose first column is a name: fields are for the others,
 * texts strings by themselves, in place of what was there. */
typedef struct {
    GHashTable *by_name;
    const SmField *fields;
    guint count;
} SmFiller;

/* Hands each row of the answer to taker, until that has enough. SM_ERROR_LEDGER. */
gboolean sm_db_each(SmDb *db, GError **error, const SmTaker *taker, const char *sql,
                    const char *types, ...);

/* Hands what is made of each row to reader, one at a time. SM_ERROR_LEDGER. */
gboolean sm_db_read(SmDb *db, GError **error, const SmReader *reader, const char *sql,
                    const char *types, ...);

/* Fills in what filler knows the name of. SM_ERROR_LEDGER. */
gboolean sm_db_fill(SmDb *db, GError **error, const SmFiller *filler, const char *sql,
                    const char *types, ...);

/*
 * What maker makes of each row, in an array that releases its elements. Caller frees
 * with g_ptr_array_unref(). SM_ERROR_LEDGER.
 */
GPtrArray *sm_db_list(SmDb *db, GError **error, const SmMaker *maker, const char *sql,
                      const char *types, ...);

/*
 * What maker makes of the first row. NULL without an error where there is none.
 * Caller frees. SM_ERROR_LEDGER.
 */
gpointer sm_db_first(SmDb *db, GError **error, const SmMaker *maker, const char *sql,
                     const char *types, ...);

/* Whether there is a row; FALSE too on an error. SM_ERROR_LEDGER. */
gboolean sm_db_has(SmDb *db, GError **error, gboolean *has, const char *sql, const char *types,
                   ...);

/* The value of a query with one integer; 0 where there is no row or it is NULL. SM_ERROR_LEDGER. */
gboolean sm_db_integer(SmDb *db, GError **error, gint64 *value, const char *sql, const char *types,
                       ...);

/* Runs one statement to its end. *changed, if not NULL, becomes the number of rows that it changed;
 * if NULL, it may fail as late as the transaction that it is part of. SM_ERROR_LEDGER. */
gboolean sm_db_run(SmDb *db, GError **error, int *changed, const char *sql, const char *types, ...);

/* Runs one statement with count texts for its values, NULL for SQL's NULL, as sm_db_run() does
 * without changed. SM_ERROR_LEDGER. */
gboolean sm_db_run_texts(SmDb *db, const char *sql, const char *const *texts, guint count,
                         GError **error);

/* Runs statements without values, one after the other. SM_ERROR_LEDGER. */
gboolean sm_db_exec(SmDb *db, const char *sql, GError **error);

/* The version of its tables (schema.h); 0: it has none. SM_ERROR_LEDGER. */
gboolean sm_db_schema(SmDb *db, gint64 *version, GError **error);

/* The query that answers the names of a table's columns (its one value) in their order, "#" before
 * those of numbers; static. */
const char *sm_db_columns_query(const SmDb *db);

/* Lets table's next id be behind each one that it had, or had given out, in from, too.
 * SM_ERROR_LEDGER. */
gboolean sm_db_take_ids(SmDb *db, SmDb *from, const char *table, GError **error);

/* Gives back what it no longer uses, where that is much. SM_ERROR_LEDGER. */
gboolean sm_db_compact(SmDb *db, GError **error);

/*
 * A server's locks, each a number from 0 on below 2^44, of all who use the same tables: *taken
 * tells whether it is ours now. It ends with the connection: who takes it meanwhile has it, and
 * then every call fails until we have given it back. SM_ERROR_LEDGER.
 */
gboolean sm_db_lock(SmDb *db, gint64 number, gboolean *taken, GError **error);

/* Whether anybody holds it; FALSE, too, where the server does not say. */
gboolean sm_db_is_locked(SmDb *db, gint64 number);

/* Gives it back; who waits for it has it a moment later. */
void sm_db_unlock(SmDb *db, gint64 number);

/* Whether the file's structure is sound, or the server's session ours alone and its role allowed to
 * use the tables. SM_ERROR_LEDGER, with what is wrong. */
gboolean sm_db_verify(SmDb *db, GError **error);

/* Writes a consistent copy of all of it to the file at path, which must not be there.
 * SM_ERROR_LEDGER. */
gboolean sm_db_copy(SmDb *db, const char *path, GError **error);

/*
 * A transaction, the only writer's to what is account's ("": what is nobody's; NULL: it only
 * reads, and all its queries see one moment): begun by
 * sm_db_begin(), ended by sm_db_end(), which commits where all went well (ok) and rolls back
 * where not, also what cannot be committed. TRUE: it is in the ledger; FALSE: nothing of it is.
 * SM_ERROR_LEDGER.
 */
gboolean sm_db_begin(SmDb *db, const char *account, GError **error);

/* Ends it; see sm_db_begin(). SM_ERROR_LEDGER where it cannot be committed. */
gboolean sm_db_end(SmDb *db, gboolean ok, GError **error);

/* The whole of it: SM_TRANSACTION(db, account, error, first(db, error) && ...). */
#define SM_TRANSACTION(db, account, error, what)                                                   \
    sm_db_end(db, sm_db_begin(db, account, error) && (what), error)

/*
 * Whether commits from now on may wait for the disk: they outlive this process,
 * whatever kills it, but a power loss may undo them, the last ones first, until
 * sm_db_sync() or a commit that does not wait has written them out; of a server's for single
 * ones only, since its end undoes them, too, and nothing tells that later. Not within a
 * transaction. Returns whether they did so far.
 */
gboolean sm_db_defer(SmDb *db, gboolean defer);

/* Brings all that was committed to the disk. SM_ERROR_LEDGER. */
gboolean sm_db_sync(SmDb *db, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmDb, sm_db_close)
