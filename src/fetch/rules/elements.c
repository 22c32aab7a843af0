#include "fetch/rules/elements.h"

#include <string.h>

enum {
    DEPTH_MAX = 1000,      /* as cJSON's own */
    VALUE_MAX = 64 * 1024, /* bytes */
};

/* Each skips what begins at `at` and gives what follows; NULL where that is not there, or at is
 * NULL. */

static const char *
skip_blanks(const char *at, const char *end)
{
    while (at != NULL && at < end && strchr(" \t\r\n", *at) != NULL && *at != '\0')
        at++;
    return at;
}

static const char *
skip_char(const char *at, const char *end, char wanted)
{
    at = skip_blanks(at, end);
    return at != NULL && at < end && *at == wanted ? skip_blanks(at + 1, end) : NULL;
}

static const char *
skip_string(const char *at, const char *end)
{
    if (at == NULL || at >= end || *at != '"')
        return NULL;
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at < end ? at + 1 : NULL;
}

/* An object or array, by its brackets alone. */
static const char *
skip_nested(const char *at, const char *end)
{
    char closing[DEPTH_MAX];
    gsize depth = 0;

    while (at != NULL && at < end) {
        char c = *at;

        if (c == '"') {
            at = skip_string(at, end);
            continue;
        }
        at++;
        if (c == '{' || c == '[') {
            if (depth == DEPTH_MAX)
                return NULL;
            closing[depth++] = c == '{' ? '}' : ']';
        } else if (c == '}' || c == ']') {
            if (depth == 0 || c != closing[--depth])
                return NULL;
            if (depth == 0)
                return at;
        }
    }
    return NULL;
}

static const char *
skip_value(const char *at, const char *end)
{
    const char *start = at;

    if (at == NULL || at >= end)
        return NULL;
    if (*at == '{' || *at == '[')
        return skip_nested(at, end);
    if (*at == '"')
        return skip_string(at, end);
    while (at < end && (g_ascii_isalnum(*at) || *at == '+' || *at == '-' || *at == '.'))
        at++;
    return at > start ? at : NULL;
}

static gboolean
is_text(const char *at, const char *after, const char *text)
{
    return (gsize)(after - at) == strlen(text) && memcmp(at, text, strlen(text)) == 0;
}

/* Sets elements to what the value from at to after holds. */
static gboolean
open_value(SmElements *elements, const char *at, const char *after)
{
    const char *inside = skip_blanks(at + 1, after);

    *elements = (SmElements){NULL, after, FALSE, FALSE};
    if (*at == '[') {
        elements->at = inside;
    } else if (*at == '{') {
        elements->single = TRUE;
        elements->at = *inside != '}' ? at : NULL;
    } else if (*at == '"') {
        return skip_char(at + 1, after, '"') != NULL;
    } else {
        return is_text(at, after, "null");
    }
    return TRUE;
}

gboolean
sm_elements_value(const char *text, gsize length, const char *key, const char **found, gsize *size)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *end = text + length;
    const char *at = length >= 3 && memcmp(text, mark, 3) == 0 ? text + 3 : text;
    g_autofree char *wanted = g_strdup_printf("\"%s\"", key);

    *found = NULL;
    *size = 0;
    at = skip_char(at, end, '{');
    while (at != NULL && at < end && *at != '}') {
        const char *name = at;
        const char *name_end = skip_string(at, end);
        const char *value = skip_char(name_end, end, ':');
        const char *value_end = skip_value(value, end);

        if (value_end == NULL)
            return FALSE;
        if (*found == NULL && is_text(name, name_end, wanted)) {
            *found = value;
            *size = (gsize)(value_end - value);
        }
        at = skip_blanks(value_end, end);
        if (at < end && *at != '}')
            at = skip_char(at, end, ',');
    }
    return at != NULL && at < end;
}

/* cJSON would take what stands before a NUL for all of the text. */
static gboolean
has_nul(const char *value, gsize length)
{
    return memchr(value, '\0', length) != NULL || g_strstr_len(value, (gssize)length, "\\u0000");
}

cJSON *
sm_elements_parse(const char *text, gsize length, const char *key)
{
    const char *value, *end;
    gsize size;
    cJSON *json;

    if (!sm_elements_value(text, length, key, &value, &size) || value == NULL || size > VALUE_MAX ||
        has_nul(value, size))
        return NULL;
    json = cJSON_ParseWithLengthOpts(value, size, &end, FALSE);
    if (json != NULL && end != value + size)
        g_clear_pointer(&json, cJSON_Delete);
    return json;
}

gboolean
sm_elements_find(SmElements *elements, const char *text, gsize length, const char *key)
{
    const char *value;
    gsize size;

    *elements = (SmElements){0};
    return sm_elements_value(text, length, key, &value, &size) &&
           (value == NULL || open_value(elements, value, value + size));
}

const char *
sm_elements_next(SmElements *elements, gsize *length)
{
    const char *at = elements->at;
    const char *after;

    if (at == NULL || at >= elements->end || *at == ']')
        return NULL;
    after = skip_value(at, elements->end);
    if (after == NULL) {
        elements->broken = TRUE;
        elements->at = NULL;
        return NULL;
    }
    *length = (gsize)(after - at);
    elements->at = elements->single ? NULL : skip_blanks(after, elements->end);
    if (elements->at != NULL && *elements->at != ']') {
        elements->at = skip_char(elements->at, elements->end, ',');
        elements->broken = elements->at == NULL;
    }
    return at;
}
