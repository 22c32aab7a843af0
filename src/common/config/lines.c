#include "common/config/lines.h"

#include <limits.h>
#include <string.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/text.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static void
entry_free(gpointer data)
{
    SmConfigEntry *entry = data;

    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

static void
group_free(gpointer data)
{
    SmConfigGroup *group = data;

    g_free(group->file);
    g_free(group->name);
    g_ptr_array_unref(group->entries);
    g_clear_error(&group->fault);
    g_free(group);
}

static SmConfigGroup *
group_new(const char *file, const char *name, gsize length, guint line)
{
    SmConfigGroup *group = g_new0(SmConfigGroup, 1);

    group->file = g_strdup(file);
    group->name = g_strndup(name, length);
    group->line = line;
    group->entries = g_ptr_array_new_with_free_func(entry_free);
    return group;
}

const SmConfigEntry *
sm_config_entry(const SmConfigGroup *group, const char *key)
{
    SM_EACH (const SmConfigEntry, entry, group->entries)
        if (strcmp(entry->key, key) == 0)
            return entry;
    return NULL;
}

void
sm_config_complain(GError **error, const SmConfigGroup *group, guint line, const char *key,
                   const char *text, ...)
{
    g_autofree char *file = sm_text_clean(group->file, PATH_MAX);
    g_autofree char *what = NULL;
    va_list args;

    if (error == NULL || *error != NULL)
        return;
    va_start(args, text);
    what = g_strdup_vprintf(text, args);
    va_end(args);
    sm_error_set(error, SM_ERROR_CONFIG, "%s:%u: [%s]%s%s: %s", file, line, group->name,
                 key != NULL ? " " : "", key != NULL ? key : "", what);
}

/* A comment after a value would become part of the value, so it is refused; where it starts. */
static const char *
find_comment(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if ((*c == '#' || *c == ';') && (c == value || g_ascii_isspace(c[-1])))
            return c;
    return NULL;
}

static gboolean
is_quoted(const char *value)
{
    gsize length = strlen(value);

    return length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value;
}

/* What is wrong with a value whatever its key means; NULL if nothing. */
static const char *
value_fault(const char *value)
{
    const char *comment = find_comment(value);

    if (*value == '\0')
        return "has no value; write KEY = VALUE, or leave the line out";
    if (comment != NULL && *comment == '#')
        return "has a comment after the value; a comment stands on a line of its own";
    if (comment != NULL)
        return "has a ';' after a blank; a comment stands on a line of its own and starts with "
               "'#', a list is written a; b";
    if (is_quoted(value))
        return "has quotes around the value; they would become part of it, leave them out";
    if (!sm_text_is_clean(value, strlen(value)))
        return "has control or invisible characters in its value";
    return NULL;
}

static void
read_entry(SmConfigGroup *group, const char *line, guint number)
{
    const char *equals = strchr(line, '=');
    g_autofree char *key = equals != NULL ? g_strndup(line, (gsize)(equals - line)) : NULL;
    g_autofree char *value = equals != NULL ? g_strdup(equals + 1) : NULL;
    g_autofree char *shown = NULL;
    const SmConfigEntry *earlier;
    const char *fault;

    if (equals == NULL || *g_strstrip(key) == '\0') {
        /* The line is not repeated: it may be a misplaced password. */
        sm_config_complain(&group->fault, group, number, NULL,
                           "the line is invalid; allowed: KEY = VALUE, [account NAME], # comment");
        return;
    }
    shown = sm_text_clean(key, SM_TEXT_SHOWN_MAX);
    fault = value_fault(g_strstrip(value));
    earlier = sm_config_entry(group, key);
    if (earlier != NULL) {
        sm_config_complain(&group->fault, group, number, shown,
                           "is given twice, first in line %u; keep one of them", earlier->line);
    } else if (fault != NULL) {
        sm_config_complain(&group->fault, group, number, shown, "%s", fault);
    } else {
        SmConfigEntry *entry = g_new0(SmConfigEntry, 1);

        entry->key = g_steal_pointer(&key);
        entry->value = g_steal_pointer(&value);
        entry->line = number;
        g_ptr_array_add(group->entries, entry);
    }
}

static SmConfigGroup *
read_header(const char *file, const char *line, guint number, GError **error)
{
    gsize length = strlen(line);

    if (line[length - 1] != ']' || length < 3 || strcspn(line + 1, "[]") != length - 2 ||
        !sm_text_is_clean(line, length)) {
        g_autofree char *shown = sm_text_clean(line, SM_TEXT_SHOWN_MAX);

        return sm_error_null(
            error, SM_ERROR_CONFIG,
            "%s:%u: \"%s\" is no group header; write [scoremail] or [account NAME] and "
            "nothing after it",
            file, number, shown);
    }
    return group_new(file, line + 1, length - 2, number);
}

/* Bytes that no line may hold, in comments neither; NULL if there are none. */
static const char *
encoding_fault(const char *line, gsize length)
{
    if (memchr(line, '\0', length) != NULL)
        return "has a NUL byte; save the file as plain UTF-8 text";
    if (!g_utf8_validate(line, (gssize)length, NULL))
        return "has bytes that are not UTF-8; save the file as plain UTF-8 text";
    return NULL;
}

/* One line; group is the one it stands in, or NULL. FALSE for what ends the reading. */
static gboolean
read_line(GPtrArray *groups, const char *file, const char *raw, gsize length, guint number,
          GError **error)
{
    SmConfigGroup *group = groups->len > 0 ? groups->pdata[groups->len - 1] : NULL;
    const char *fault = encoding_fault(raw, length);
    g_autofree char *line = g_strstrip(g_strndup(raw, length));

    if (fault != NULL && group != NULL) {
        sm_config_complain(&group->fault, group, number, NULL, "%s", fault);
    } else if (fault != NULL) {
        return sm_error_set(error, SM_ERROR_CONFIG, "%s:%u: %s", file, number, fault);
    } else if (*line == '\0' || *line == '#') {
        return TRUE;
    } else if (*line == '[') {
        group = read_header(file, line, number, error);
        if (group == NULL)
            return FALSE;
        g_ptr_array_add(groups, group);
    } else if (group == NULL) {
        return sm_error_set(
            error, SM_ERROR_CONFIG,
            "%s:%u: a line before the first group; [scoremail] or [account NAME] must "
            "stand above it",
            file, number);
    } else {
        read_entry(group, line, number);
    }
    return TRUE;
}

GPtrArray *
sm_config_lines(const char *file, const char *text, gsize length, GError **error)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(group_free);
    const char *end = text + length;
    guint number = 0;

    if (length >= strlen(BYTE_ORDER_MARK) &&
        memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        return sm_error_null(
            error, SM_ERROR_CONFIG,
            "%s:1: starts with a byte order mark; save the file as UTF-8 without it", file);
    while (text < end) {
        const char *newline = memchr(text, '\n', (gsize)(end - text));
        const char *stop = newline != NULL ? newline : end;
        gsize size = (gsize)(stop - text);

        if (size > 0 && text[size - 1] == '\r')
            size--;
        if (!read_line(groups, file, text, size, ++number, error))
            return NULL;
        text = newline != NULL ? newline + 1 : end;
    }
    return g_steal_pointer(&groups);
}
