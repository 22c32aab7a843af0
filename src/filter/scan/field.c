#include "filter/scan/field.h"

#include <strings.h>

#include "filter/message/label.h"

static gboolean
begins_with(SmBytes from, const char *words)
{
    gsize length = strlen(words);

    return (gsize)(from.end - from.at) >= length &&
           strncasecmp((const char *)from.at, words, length) == 0;
}

/* The words, in any case, in what is read; NULL if they are not there. */
static const guchar *
find(SmBytes from, const char *words)
{
    for (; from.at < from.end; from.at++)
        if (begins_with(from, words))
            return from.at;
    return NULL;
}

/* From the field's name on, with the lines that continue it. */
static SmBytes
field_at(SmBytes from)
{
    const guchar *end = from.at;

    while (end < from.end && (sm_byte_class(*end) != SM_LINE_END || end + 1 == from.end ||
                              sm_byte_is_skipped(end[1])))
        end++;
    return (SmBytes){from.at, end};
}

/* Whether the parameter charset, whose name ends at from, plainly says that ASCII is itself. */
static gboolean
is_plain_charset(SmBytes from)
{
    const guchar *start;
    char label[SM_LABEL_SIZE];

    sm_bytes_skip(&from);
    if (from.at == from.end || *from.at++ != '=')
        return FALSE;
    sm_bytes_skip(&from);
    while (from.at < from.end && (*from.at == '"' || *from.at == '\''))
        from.at++;
    start = from.at;
    while (from.at < from.end &&
           (sm_byte_class(*from.at) < 62 || strchr("-_.:+", *from.at) != NULL))
        from.at++;
    if ((gsize)(from.at - start) >= sizeof label)
        return FALSE;
    *(char *)mempcpy(label, start, (gsize)(from.at - start)) = '\0';
    return *label != '\0' && sm_label_keeps_ascii(label) &&
           (from.at == from.end || sm_byte_is_skipped(*from.at) ||
            strchr("\"';", *from.at) != NULL);
}

/* Whether a Content-Type may make other text of its part than the part's bytes show: a message that
 * is itself encoded or signed, or a character set; or may hide that it does. */
static gboolean
may_hide(SmBytes from)
{
    SmBytes field = field_at(from);
    const guchar *parameters = memchr(field.at, ';', (gsize)(field.end - field.at));
    SmBytes type = {field.at, parameters != NULL ? parameters : field.end};
    const guchar *charset;

    if (find(type, "message") != NULL || find(type, "digest") != NULL ||
        find(type, "pkcs7") != NULL || find(type, "=?") != NULL || find(type, "\\") != NULL)
        return TRUE;
    while ((charset = find(field, "charset")) != NULL) {
        field.at = charset + strlen("charset");
        if (!is_plain_charset(field))
            return TRUE;
    }
    return FALSE;
}

gboolean
sm_scan_is_odd_line(SmBytes from)
{
    static const char outlook_file[] = "\320\317\021\340\241\261\032\341";

    if (from.at == from.end)
        return FALSE;
    switch (*from.at) {
    case 'b': /* uuencode */
        return begins_with(from, "begin ");
    case 'C':
    case 'c':
        return begins_with(from, "Content-Type") && may_hide(from);
    case 0xd0:
        return begins_with(from, outlook_file);
    default:
        return FALSE;
    }
}
