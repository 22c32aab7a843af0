#include "fetch/ledger/copy.h"

#include <string.h>

#include "common/base/error.h"
#include "fetch/database/schema.h"

enum {
    PIECE = 1000, /* rows that are in memory at once */
    BATCH = 50,   /* rows of one statement: a server's answer takes longer than the rows */
};

/* Events come before files, whose triggers change those; counters come last, for triggers have
 * counted what was copied. */
static const struct {
    const char *name, *order;
    gboolean has_ids;
} tables[] = {
    {"keys", "name", FALSE},
    {"accounts", "id", TRUE},
    {"events", "id", TRUE},
    {"files", "id", TRUE},
    {"handovers", "id", TRUE},
    {"log", "id", TRUE},
    {"alerts", "account, kind", FALSE},
    {"totals", "account, state", FALSE},
    {"days", "account, day, action", FALSE},
};

/* A table that is being copied. */
typedef struct {
    SmDb *to; /* NULL: it is only read */
    const GPtrArray *columns;
    const char *name, *list; /* of the columns */
    GChecksum *hash;
    GPtrArray *values; /* of rows that are still to be written */
    gint64 rows, last_id;
    guint id_at;   /* its column */
    GError *fault; /* of writing */
} Table;

/* The names of a table's columns, those of numbers with "#" before, in the order of their names. */
static GPtrArray *
columns_of(SmDb *db, const char *table, GError **error)
{
    return sm_db_list(db, error, &sm_db_texts, sm_db_columns_query(db), "s", table);
}

static const char *
name_of(const GPtrArray *columns, guint i)
{
    const char *name = columns->pdata[i];

    return name + (*name == '#');
}

static char *
list_of(const GPtrArray *columns)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < columns->len; i++)
        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", name_of(columns, i));
    return g_strdup(list->str);
}

/* Passes all values as text, the only form that can be NULL. */
static char *
insert_of(const Table *table)
{
    g_autoptr(GString) sql = g_string_new(NULL);

    g_string_printf(sql, "INSERT INTO %s (%s) VALUES ", table->name, table->list);
    for (guint i = 0; i < table->values->len; i++) {
        guint column = i % table->columns->len;

        if (column == 0)
            g_string_append(sql, i == 0 ? "(" : "), (");
        g_string_append(sql, column == 0 ? "" : ", ");
        g_string_append(sql,
                        *(char *)table->columns->pdata[column] == '#' ? "CAST(? AS BIGINT)" : "?");
    }
    g_string_append_c(sql, ')');
    return g_string_free(g_steal_pointer(&sql), FALSE);
}

static gboolean
write_out(Table *table, GError **error)
{
    g_autofree char *sql = table->values->len > 0 ? insert_of(table) : NULL;
    gboolean ok =
        sql == NULL || sm_db_run_texts(table->to, sql, (const char *const *)table->values->pdata,
                                       table->values->len, error);

    g_ptr_array_set_size(table->values, 0);
    return ok;
}

static void
hash_value(GChecksum *hash, const char *value)
{
    g_checksum_update(hash, (const guchar *)(value != NULL ? "=" : "-"), 1);
    if (value != NULL)
        g_checksum_update(hash, (const guchar *)value, (gssize)strlen(value) + 1);
}

/* Replaces bytes that are not UTF-8, which not every kind of database stores. */
static gboolean
take_row(const SmRow *row, gpointer user_data)
{
    Table *table = user_data;

    for (guint i = 0; i < table->columns->len; i++) {
        const char *text = sm_row_text(row, (int)i);
        g_autofree char *value = text != NULL ? g_utf8_make_valid(text, -1) : NULL;

        hash_value(table->hash, value);
        if (table->to != NULL)
            g_ptr_array_add(table->values, g_steal_pointer(&value));
    }
    table->rows++;
    table->last_id = sm_row_int64(row, (int)table->id_at);
    return table->values->len < BATCH * table->columns->len || write_out(table, &table->fault);
}

/* Reads the rows of table number i of db, in an order that all kinds of databases share. */
static gboolean
walk(SmDb *db, gsize i, Table *table, GError **error)
{
    g_autofree char *sql =
        tables[i].has_ids ? g_strdup_printf("SELECT %s FROM %s WHERE id > ?1 ORDER BY id LIMIT ?2",
                                            table->list, tables[i].name)
                          : g_strdup_printf("SELECT %s FROM %s WHERE ?1 < ?2 ORDER BY %s",
                                            table->list, tables[i].name, tables[i].order);
    GError *fault = NULL;
    gint64 before;

    table->last_id = 0;
    do {
        before = table->rows;
        if (!sm_db_each(db, &fault, &(SmTaker){take_row, table}, sql, "ii", table->last_id,
                        (gint64)PIECE) ||
            table->fault != NULL)
            return sm_error_pass(error, fault != NULL ? fault : table->fault);
    } while (tables[i].has_ids && table->rows == before + PIECE);
    return write_out(table, error);
}

static gboolean
is_same(const GPtrArray *a, const GPtrArray *b)
{
    gboolean same = a->len == b->len;

    for (guint i = 0; same && i < a->len; i++)
        same = strcmp(a->pdata[i], b->pdata[i]) == 0;
    return same;
}

/* Reads table i of db, writes it to to unless that is NULL, and adds it to hash. */
static gboolean
pass_table(SmDb *db, SmDb *to, gsize i, SmCopied *copied, GChecksum *hash, GError **error)
{
    g_autoptr(GPtrArray) columns = columns_of(db, tables[i].name, error);
    g_autoptr(GPtrArray) theirs =
        columns != NULL && to != NULL ? columns_of(to, tables[i].name, error) : NULL;
    g_autofree char *list = columns != NULL ? list_of(columns) : NULL;
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    Table table = {.to = to,
                   .columns = columns,
                   .name = tables[i].name,
                   .list = list,
                   .hash = hash,
                   .values = values};
    gboolean ok;

    if (columns == NULL || (to != NULL && theirs == NULL))
        return FALSE;
    if (theirs != NULL && !is_same(columns, theirs))
        return sm_error_set(error, SM_ERROR_LEDGER,
                            "ledger %s: table %s has other columns than that of %s; upgrade both",
                            sm_db_path(to), tables[i].name, sm_db_path(db));
    for (guint column = 0; tables[i].has_ids && column < columns->len; column++)
        if (strcmp(name_of(columns, column), "id") == 0)
            table.id_at = column;
    ok = walk(db, i, &table, error);
    copied->rows += table.rows;
    hash_value(hash, tables[i].name);
    return ok;
}

static gboolean
pass(SmDb *db, SmDb *to, SmCopied *copied, GError **error)
{
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    gboolean ok = TRUE;

    *copied = (SmCopied){0};
    for (gsize i = 0; ok && i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *clear = g_strdup_printf("DELETE FROM %s", tables[i].name);

        /* what its creation and triggers left: the key, and counters */
        ok = (to == NULL || sm_db_exec(to, clear, error)) &&
             pass_table(db, to, i, copied, hash, error) &&
             (to == NULL || !tables[i].has_ids || sm_db_take_ids(to, db, tables[i].name, error));
    }
    g_strlcpy(copied->hash, g_checksum_get_string(hash), sizeof copied->hash);
    return ok;
}

/* Ignores the keys of its creation. */
static gboolean
is_empty(SmDb *db, GError **error)
{
    gint64 rows = 0;
    gboolean ok = TRUE;

    for (gsize i = 1; ok && rows == 0 && i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", tables[i].name);

        ok = sm_db_integer(db, error, &rows, sql, "");
    }
    if (ok && rows > 0)
        sm_error_set(error, SM_ERROR_CONFLICT,
                     "ledger %s: is not empty; copy to another one, or empty it first",
                     sm_db_path(db));
    return ok && rows == 0;
}

static gboolean
verify(SmDb *to, const SmCopied *copied, GError **error)
{
    SmCopied found;

    if (!pass(to, NULL, &found, error))
        return FALSE;
    if (found.rows == copied->rows && strcmp(found.hash, copied->hash) == 0)
        return TRUE;
    return sm_error_set(error, SM_ERROR_LEDGER,
                        "ledger %s: does not give back what was written into it (%" G_GINT64_FORMAT
                        " rows of %" G_GINT64_FORMAT "); nothing was copied",
                        sm_db_path(to), found.rows, copied->rows);
}

/* The lock stops other hosts: the copy would delete what they write between the look and the copy.
 * A file has no other writer. */
static gboolean
keep_others_out(SmDb *db, GError **error)
{
    g_autoptr(GString) sql = g_string_new("LOCK TABLE ");

    if (!sm_db_is_server(db))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        g_string_append_printf(sql, "%s%s", i > 0 ? ", " : "", tables[i].name);
    g_string_append(sql, " IN EXCLUSIVE MODE");
    return sm_db_run(db, error, NULL, sql->str, "");
}

gboolean
sm_ledger_copy(SmDb *from, SmDb *to, SmCopied *copied, GError **error)
{
    gboolean ok = sm_db_begin(to, "", error) && keep_others_out(to, error) && is_empty(to, error);
    /* after that: whoever copies a ledger to itself would wait for himself */
    gboolean begun = ok && sm_db_begin(from, sm_db_is_server(from) ? NULL : "", error);

    ok = begun && pass(from, to, copied, error) && verify(to, copied, error);
    ok = sm_db_end(to, ok, error);
    if (begun)
        sm_db_end(from, FALSE, NULL); /* nothing has changed */
    return ok;
}

gboolean
sm_ledger_copy_to_file(SmDb *from, const char *path, GError **error)
{
    g_autoptr(SmDb) to = sm_db_open(path, SM_DB_CREATE, error);
    SmCopied copied;

    return to != NULL && sm_ledger_schema_ensure(to, error) &&
           sm_ledger_copy(from, to, &copied, error);
}
