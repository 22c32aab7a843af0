#include "filter/message/auth-results.h"

#include <string.h>

#include "common/event/event.h"

enum {
    HEADER_MAX = 16 * 1024, /* bytes */
    VALUE_MAX = 255,        /* bytes: a domain name's; longer ones are none of ours */
};

typedef struct {
    const char *at;
    gboolean bad; /* sticky */
} Cursor;

static gboolean
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Comments nest, and have quoted pairs (RFC 5322, 3.2.2). */
static void
skip_comment(Cursor *cursor)
{
    guint depth = 0;

    do {
        if (*cursor->at == '(')
            depth++;
        else if (*cursor->at == ')')
            depth--;
        else if (*cursor->at == '\\' && cursor->at[1] != '\0')
            cursor->at++;
        if (*cursor->at == '\0') {
            cursor->bad = TRUE;
            return;
        }
        cursor->at++;
    } while (depth > 0);
}

/* CFWS: blanks, line breaks and comments. */
static void
skip(Cursor *cursor)
{
    while (!cursor->bad && (is_blank(*cursor->at) || *cursor->at == '(')) {
        if (*cursor->at == '(')
            skip_comment(cursor);
        else
            cursor->at++;
    }
}

static gboolean
take_char(Cursor *cursor, char c)
{
    skip(cursor);
    if (cursor->bad || *cursor->at != c)
        return FALSE;
    cursor->at++;
    return TRUE;
}

static void
demand_char(Cursor *cursor, char c)
{
    if (!take_char(cursor, c))
        cursor->bad = TRUE;
}

/* Whether the header, or this result of it, is over. */
static gboolean
is_over(Cursor *cursor)
{
    skip(cursor);
    return cursor->bad || *cursor->at == '\0' || *cursor->at == ';';
}

/* A keyword in lower case. "" where there is none, which is bad. */
static char *
take_keyword(Cursor *cursor)
{
    const char *start;

    skip(cursor);
    start = cursor->at;
    while (g_ascii_isalnum(*cursor->at) || *cursor->at == '-' || *cursor->at == '_')
        cursor->at++;
    if (cursor->at == start)
        cursor->bad = TRUE;
    return g_ascii_strdown(start, cursor->at - start);
}

static void
take_quoted(Cursor *cursor, GString *value)
{
    for (cursor->at++; *cursor->at != '"'; cursor->at++) {
        if (*cursor->at == '\\' && cursor->at[1] != '\0')
            cursor->at++;
        if (*cursor->at == '\0') {
            cursor->bad = TRUE;
            return;
        }
        g_string_append_c(value, *cursor->at);
    }
    cursor->at++;
}

/* A value: a token, a quoted string, or an address whose local part may be one. Of a token's bytes
 * those are taken too that mail systems leave unquoted (header.b has slashes). */
static char *
take_value(Cursor *cursor)
{
    GString *value = g_string_new(NULL);
    const char *start;

    skip(cursor);
    start = cursor->at;
    while (!cursor->bad && *cursor->at != '\0' && strchr(" \t\r\n;()\\", *cursor->at) == NULL) {
        if (*cursor->at == '"')
            take_quoted(cursor, value);
        else
            g_string_append_c(value, *cursor->at++);
    }
    if (cursor->at == start)
        cursor->bad = TRUE;
    return g_string_free(value, FALSE);
}

/* A number behind a slash or a blank: a version. Only the first one is known. */
static gboolean
take_version(Cursor *cursor)
{
    const char *start;

    skip(cursor);
    start = cursor->at;
    while (g_ascii_isdigit(*cursor->at))
        cursor->at++;
    return cursor->at - start == 1 && *start == '1';
}

static gboolean
is_plain(const char *value)
{
    gsize length = strlen(value);

    if (length == 0 || length > VALUE_MAX)
        return FALSE;
    for (const char *c = value; *c != '\0'; c++)
        if (!g_ascii_isgraph(*c))
            return FALSE;
    return TRUE;
}

/* One property, or the reason, behind a result; FALSE where it is one that must not be left out but
 * cannot be told. */
static gboolean
take_property(Cursor *cursor, GString *line)
{
    g_autofree char *type = take_keyword(cursor);
    g_autofree char *name = take_char(cursor, '.') ? take_keyword(cursor) : NULL;
    g_autofree char *value = NULL;

    demand_char(cursor, '=');
    value = take_value(cursor);
    if (cursor->bad || name == NULL || strcmp(type, "header") != 0)
        return TRUE;
    g_string_append_printf(line, " %s.%s=%s", type, name, value);
    return is_plain(value);
}

/* One result; nothing is added of one in another version of its method. */
static void
take_result(Cursor *cursor, const char *prefix, GPtrArray *results)
{
    g_autoptr(GString) line = g_string_new(prefix);
    g_autofree char *method = take_keyword(cursor);
    g_autofree char *result = NULL;
    gboolean usable = TRUE;

    if (strcmp(method, "none") == 0 && is_over(cursor)) {
        g_string_append(line, " none");
    } else {
        if (take_char(cursor, '/'))
            usable = take_version(cursor);
        demand_char(cursor, '=');
        result = take_keyword(cursor);
        g_string_append_printf(line, " %s=%s", method, result);
        while (!is_over(cursor))
            usable &= take_property(cursor, line);
    }
    /* A line that is cut could end in another domain than the one that was checked. */
    if (usable && !cursor->bad && line->len <= SM_EVENT_STRING_MAX)
        g_ptr_array_add(results, g_strdup(line->str));
}

void
sm_auth_results_read(const char *value, guint hops, GPtrArray *results)
{
    guint before = results->len;
    Cursor cursor = {value, strnlen(value, HEADER_MAX + 1) > HEADER_MAX};
    g_autofree char *server = take_value(&cursor);
    g_autofree char *prefix = g_strdup_printf("%u %s", hops, server);

    /* RFC 8601, 2.2: none but version 1, which is also meant where there is none. */
    if (!is_over(&cursor) && !take_version(&cursor))
        return;
    if (cursor.bad || !is_plain(server))
        return;
    while (take_char(&cursor, ';') && !is_over(&cursor))
        if (results->len < SM_EVENT_LIST_MAX)
            take_result(&cursor, prefix, results);
        else
            break;
    if (results->len < SM_EVENT_LIST_MAX && (cursor.bad || *cursor.at != '\0'))
        g_ptr_array_set_size(results, (gint)before);
}
