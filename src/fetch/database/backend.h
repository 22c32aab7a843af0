/*
 * What db.c hands to a kind of database: sqlite.c, postgresql.c. Each has a struct of its own
 * that begins with an SmDb. Part of db.c.
 */
#pragma once

#include "fetch/database/schema.h"

enum { SM_DB_VALUES = 32 /* that one statement has at most, but of sm_db_run_texts() */ };

typedef union {
    gint64 number;
    const char *text;
} SmDbValue;

/* One statement with its values; types as in db.h. */
typedef struct {
    const char *sql, *types;
    const SmDbValue *values;
    gboolean blind;   /* its answer does not matter: within a transaction it may fail later */
    gboolean changes; /* what is there: done once more it might be done twice */
} SmDbQuery;

/* Each member does what the function of db.h of its name says. */
typedef struct {
    const SmSchemaDialect *dialect;
    const char *columns;      /* see sm_db_columns_query() */
    SmDb *(*share)(SmDb *db); /* NULL: it cannot */
    void (*close)(SmDb *db);
    gint64 (*int64)(const SmRow *row, int column);
    const char *(*text)(const SmRow *row, int column);
    gboolean (*each)(SmDb *db, const SmTaker *taker, const SmDbQuery *query, GError **error);
    gboolean (*exec)(SmDb *db, const char *sql, GError **error);
    gboolean (*verify)(SmDb *db, GError **error);
    gboolean (*copy)(SmDb *db, const char *path, GError **error);
    gboolean (*begin)(SmDb *db, const char *account, GError **error);
    gboolean (*end)(SmDb *db, gboolean ok, GError **error);
    gboolean (*defer)(SmDb *db, gboolean defer);
    gboolean (*sync)(SmDb *db, GError **error);    /* NULL: each commit does */
    gboolean (*compact)(SmDb *db, GError **error); /* NULL: the server does */
    gboolean (*schema)(SmDb *db, gint64 *version, GError **error);
    /* the last id that a table has given out; 0: none */
    gboolean (*last_id)(SmDb *db, const char *table, gint64 *last, GError **error);
    gboolean (*set_last_id)(SmDb *db, const char *table, gint64 last, GError **error);
    /* NULL: it has no locks of its own */
    gboolean (*lock)(SmDb *db, gint64 number, gboolean *taken, GError **error);
    gboolean (*is_locked)(SmDb *db, gint64 number);
    void (*unlock)(SmDb *db, gint64 number);
} SmDbBackend;

struct SmDb {
    const SmDbBackend *backend;
    char *path;      /* for messages, too */
    gpointer handle; /* the library's connection */
    int changed;     /* rows, by the last statement */
};

struct SmRow {
    const SmDbBackend *backend;
    gpointer answer; /* the library's */
    int number;      /* of the row in it */
};

/* A taker of one row: its first column, an integer, becomes *(gint64 *)value. */
gboolean sm_db_take_integer(const SmRow *row, gpointer value);
