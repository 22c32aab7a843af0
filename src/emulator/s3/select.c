#include "emulator/s3/select.h"

#include <string.h>

/* Entity tags of S3 have no comma: splitting at commas is enough. */
static gboolean
list_has(const char *list, const char *etag, gboolean weak_too)
{
    g_auto(GStrv) tags = g_strsplit(list, ",", -1);

    for (gsize i = 0; tags[i] != NULL; i++) {
        const char *tag = g_strstrip(tags[i]);

        if (weak_too && g_str_has_prefix(tag, "W/"))
            tag += 2;
        if (strcmp(tag, "*") == 0 || strcmp(tag, etag) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
read_number(const char *text, gsize length, guint64 *number)
{
    g_autofree char *digits = g_strndup(text, length);

    return g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, number, NULL);
}

/* FALSE for a range that is to be ignored; *length 0 for one that cannot be satisfied. */
static gboolean
parse_range(const char *range, guint64 size, guint64 *first, guint64 *length)
{
    const char *spec = range + strlen("bytes=");
    const char *dash;
    guint64 last = G_MAXINT64;

    if (g_ascii_strncasecmp(range, "bytes=", strlen("bytes=")) != 0 || strchr(spec, ',') != NULL ||
        (dash = strchr(spec, '-')) == NULL)
        return FALSE;
    if (dash == spec) { /* the last so many bytes */
        if (!read_number(dash + 1, strlen(dash + 1), &last))
            return FALSE;
        *length = MIN(last, size);
        *first = size - *length;
        return TRUE;
    }
    if (!read_number(spec, (gsize)(dash - spec), first) ||
        (dash[1] != '\0' && !read_number(dash + 1, strlen(dash + 1), &last)) || last < *first)
        return FALSE;
    *length = *first < size ? MIN(last - *first, size - *first - 1) + 1 : 0;
    return TRUE;
}

SmSelection
sm_select(const SmSelect *select, guint64 *first, guint64 *length)
{
    const char *validator = select->if_range;
    guint64 from = 0, count = 0;

    *first = 0;
    *length = select->size;
    if (select->if_match != NULL && !list_has(select->if_match, select->etag, FALSE))
        return SM_SELECT_FAILED;
    if (select->if_none_match != NULL && list_has(select->if_none_match, select->etag, TRUE))
        return SM_SELECT_NOT_MODIFIED;
    /* If-Range compares strongly: W/"..." is never equal, a date only if it is the very same. */
    if (select->range == NULL || (validator != NULL && strcmp(validator, select->etag) != 0 &&
                                  strcmp(validator, select->last_modified) != 0))
        return SM_SELECT_WHOLE;
    if (!parse_range(select->range, select->size, &from, &count))
        return SM_SELECT_WHOLE;
    if (count == 0)
        return SM_SELECT_UNSATISFIABLE;
    *first = from;
    *length = count;
    return SM_SELECT_RANGE;
}
