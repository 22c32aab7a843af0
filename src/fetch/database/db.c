#include "fetch/database/db.h"

#include <stdarg.h>
#include <string.h>

#include "build-config.h"
#include "common/base/error.h"
#include "fetch/database/backend.h"

#ifndef SM_POSTGRESQL
SmDb *
sm_db_connect(const char *where, const char *password, GError **error)
{
    return sm_error_null(
        error, SM_ERROR_CONFIG,
        "key ledger names a PostgreSQL server, for which this scorefetch was not built; "
        "build it with libpq, or name a file");
}

GStrv
sm_db_server_files(const char *where)
{
    return g_new0(char *, 1);
}
#endif

char *
sm_db_lock_file(const char *path)
{
    g_autofree char *base =
        g_str_has_suffix(path, ".db") ? g_strndup(path, strlen(path) - 3) : g_strdup(path);

    return g_strconcat(base, ".lock", NULL);
}

SmDb *
sm_db_share(SmDb *db)
{
    return db->backend->share != NULL ? db->backend->share(db) : NULL;
}

void
sm_db_close(SmDb *db)
{
    if (db != NULL)
        db->backend->close(db);
}

const char *
sm_db_path(const SmDb *db)
{
    return db->path;
}

gint64
sm_row_int64(const SmRow *row, int column)
{
    return row->backend->int64(row, column);
}

const char *
sm_row_text(const SmRow *row, int column)
{
    return row->backend->text(row, column);
}

/* Every query goes through here. */
static gboolean
ask(SmDb *db, const SmTaker *taker, SmDbQuery query, va_list values, GError **error)
{
    SmDbValue bound[SM_DB_VALUES];

    for (int i = 0; query.types[i] != '\0'; i++) {
        g_assert(i < SM_DB_VALUES);
        if (query.types[i] == 'i')
            bound[i].number = va_arg(values, gint64);
        else
            bound[i].text = va_arg(values, const char *);
    }
    query.values = bound;
    return db->backend->each(db, taker, &query, error);
}

/* In a function of db, error, sql, types and their values: asks, and hands the rows to take with
 * data; what follows are further members of the query. */
#define ASK(take, data, ...)                                                                       \
    ({                                                                                             \
        va_list values;                                                                            \
        gboolean asked;                                                                            \
                                                                                                   \
        va_start(values, types);                                                                   \
        asked = ask(db, &(SmTaker){take, (gpointer)(data)},                                        \
                    (SmDbQuery){.sql = sql, .types = types, __VA_ARGS__}, values, error);          \
        va_end(values);                                                                            \
        asked;                                                                                     \
    })

gboolean
sm_db_each(SmDb *db, GError **error, const SmTaker *taker, const char *sql, const char *types, ...)
{
    return ASK(taker->take, taker->user_data);
}

const SmMaker sm_db_texts = {0};

/* Where its texts have room behind it, behind is their first byte; NULL: they are strings. */
static void
set_field(gpointer made, const SmField *field, const SmRow *row, int column, char **behind)
{
    char *member = (char *)made + field->offset;
    const char *text = field->kind == 's' ? sm_row_text(row, column) : NULL;

    if (field->kind == 'i') {
        *(gint64 *)member = sm_row_int64(row, column);
    } else if (field->kind == 'n') {
        *(int *)member = (int)sm_row_int64(row, column);
    } else if (text != NULL && behind != NULL) {
        *(char **)member = *behind;
        *behind = g_stpcpy(*behind, text) + 1;
    } else if (text != NULL) {
        *(char **)member = g_strdup(text);
    }
}

static gpointer
make(const SmMaker *maker, const SmRow *row)
{
    gsize size = maker->size;
    gpointer made;
    char *behind;

    if (size == 0)
        return g_strdup(sm_row_text(row, 0));
    for (guint i = 0; i < maker->count && maker->release == NULL; i++) {
        const char *text = maker->fields[i].kind == 's' ? sm_row_text(row, (int)i) : NULL;

        size += text != NULL ? strlen(text) + 1 : 0;
    }
    made = g_malloc0(size);
    behind = (char *)made + maker->size;
    for (guint i = 0; i < maker->count; i++)
        set_field(made, &maker->fields[i], row, (int)i, maker->release == NULL ? &behind : NULL);
    if (maker->finish != NULL)
        maker->finish(made, row);
    return made;
}

void
sm_db_clear(const SmMaker *maker, gpointer made)
{
    for (guint i = 0; i < maker->count; i++)
        if (maker->fields[i].kind == 's')
            g_free(G_STRUCT_MEMBER(char *, made, maker->fields[i].offset));
}

static GDestroyNotify
release_of(const SmMaker *maker)
{
    return maker->release != NULL ? maker->release : g_free;
}

static gboolean
read_row(const SmRow *row, gpointer user_data)
{
    const SmReader *reader = user_data;
    gpointer made = make(reader->maker, row);
    gboolean more = reader->take(made, reader->user_data);

    release_of(reader->maker)(made);
    return more;
}

gboolean
sm_db_read(SmDb *db, GError **error, const SmReader *reader, const char *sql, const char *types,
           ...)
{
    return ASK(read_row, reader);
}

static gboolean
fill_named(const SmRow *row, gpointer user_data)
{
    const SmFiller *filler = user_data;
    gpointer named = g_hash_table_lookup(filler->by_name, sm_row_text(row, 0));

    for (guint i = 0; named != NULL && i < filler->count; i++) {
        if (filler->fields[i].kind == 's')
            g_free(G_STRUCT_MEMBER(char *, named, filler->fields[i].offset));
        set_field(named, &filler->fields[i], row, (int)i + 1, NULL);
    }
    return TRUE;
}

gboolean
sm_db_fill(SmDb *db, GError **error, const SmFiller *filler, const char *sql, const char *types,
           ...)
{
    return ASK(fill_named, filler);
}

/* What was made of rows. */
typedef struct {
    const SmMaker *maker;
    GPtrArray *made; /* NULL: only the first row counts */
    gpointer first;
} Made;

static gboolean
add_made(const SmRow *row, gpointer user_data)
{
    Made *made = user_data;
    gpointer one = make(made->maker, row);

    if (made->made == NULL)
        made->first = one;
    else
        g_ptr_array_add(made->made, one);
    return made->made != NULL;
}

GPtrArray *
sm_db_list(SmDb *db, GError **error, const SmMaker *maker, const char *sql, const char *types, ...)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(release_of(maker));
    Made made = {maker, list, NULL};

    return ASK(add_made, &made) ? g_steal_pointer(&list) : NULL;
}

gpointer
sm_db_first(SmDb *db, GError **error, const SmMaker *maker, const char *sql, const char *types, ...)
{
    Made made = {maker, NULL, NULL};

    ASK(add_made, &made);
    return made.first;
}

static gboolean
note_row(const SmRow *row, gpointer has)
{
    *(gboolean *)has = TRUE;
    return FALSE;
}

gboolean
sm_db_has(SmDb *db, GError **error, gboolean *has, const char *sql, const char *types, ...)
{
    *has = FALSE;
    return ASK(note_row, has);
}

gboolean
sm_db_take_integer(const SmRow *row, gpointer value)
{
    *(gint64 *)value = sm_row_int64(row, 0);
    return FALSE;
}

gboolean
sm_db_integer(SmDb *db, GError **error, gint64 *value, const char *sql, const char *types, ...)
{
    *value = 0;
    return ASK(sm_db_take_integer, value);
}

static gboolean
ignore_row(const SmRow *row, gpointer user_data)
{
    return TRUE;
}

gboolean
sm_db_run(SmDb *db, GError **error, int *changed, const char *sql, const char *types, ...)
{
    gboolean ok = ASK(ignore_row, NULL, .blind = changed == NULL, .changes = TRUE);

    if (ok && changed != NULL)
        *changed = db->changed;
    return ok;
}

gboolean
sm_db_run_texts(SmDb *db, const char *sql, const char *const *texts, guint count, GError **error)
{
    g_autofree char *types = g_strnfill(count, 's');
    g_autofree SmDbValue *values = g_new0(SmDbValue, count);

    for (guint i = 0; i < count; i++)
        values[i].text = texts[i];
    return db->backend->each(db, &(SmTaker){ignore_row, NULL},
                             &(SmDbQuery){sql, types, values, TRUE, TRUE}, error);
}

gboolean
sm_db_exec(SmDb *db, const char *sql, GError **error)
{
    return db->backend->exec(db, sql, error);
}

gboolean
sm_db_verify(SmDb *db, GError **error)
{
    return db->backend->verify(db, error);
}

gboolean
sm_db_copy(SmDb *db, const char *path, GError **error)
{
    return db->backend->copy(db, path, error);
}

gboolean
sm_db_begin(SmDb *db, const char *account, GError **error)
{
    return db->backend->begin(db, account, error);
}

gboolean
sm_db_end(SmDb *db, gboolean ok, GError **error)
{
    return db->backend->end(db, ok, error);
}

gboolean
sm_db_defer(SmDb *db, gboolean defer)
{
    return db->backend->defer(db, defer);
}

gboolean
sm_db_sync(SmDb *db, GError **error)
{
    return db->backend->sync == NULL || db->backend->sync(db, error);
}

gboolean
sm_db_compact(SmDb *db, GError **error)
{
    return db->backend->compact == NULL || db->backend->compact(db, error);
}

const char *
sm_db_columns_query(const SmDb *db)
{
    return db->backend->columns;
}

gboolean
sm_db_take_ids(SmDb *db, SmDb *from, const char *table, GError **error)
{
    gint64 last;

    return from->backend->last_id(from, table, &last, error) &&
           (last == 0 || db->backend->set_last_id(db, table, last, error));
}

gboolean
sm_db_schema(SmDb *db, gint64 *version, GError **error)
{
    return db->backend->schema(db, version, error);
}

gboolean
sm_db_is_server(const SmDb *db)
{
    return db != NULL && db->backend->lock != NULL;
}

gboolean
sm_db_lock(SmDb *db, gint64 number, gboolean *taken, GError **error)
{
    return db->backend->lock(db, number, taken, error);
}

gboolean
sm_db_is_locked(SmDb *db, gint64 number)
{
    return db->backend->is_locked(db, number);
}

void
sm_db_unlock(SmDb *db, gint64 number)
{
    db->backend->unlock(db, number);
}
