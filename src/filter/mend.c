#include "mend.h"

#include <string.h>

enum { HEADER_MAX = 1024 * 1024 };

/* Whether the line from at to the line feed at end is blank, or a "From " line of an mbox. */
static gboolean
is_prologue(const char *at, const char *end)
{
    if (end == at || (end == at + 1 && *at == '\r'))
        return TRUE;
    if (*at == '>')
        at++;
    return end - at >= 5 && memcmp(at, "From ", 5) == 0;
}

static SmOctets
without_prologue(const char *at, gsize length)
{
    const char *end = at + length;
    const char *line_end;

    if (length >= 3 && memcmp(at, "\357\273\277", 3) == 0)
        at += 3;
    while ((line_end = memchr(at, '\n', (gsize)(end - at))) != NULL && is_prologue(at, line_end))
        at = line_end + 1;
    return (SmOctets){at, (gsize)(end - at)};
}

/* The line feed before the blank line that ends the header; NULL if none does. */
static const char *
header_end(SmOctets message)
{
    const char *end = memmem(message.data, message.length, "\n\n", 2);
    gsize before = end != NULL ? (gsize)(end - message.data) : message.length;
    const char *crlf_end = memmem(message.data, before, "\n\r\n", 3);

    return crlf_end != NULL ? crlf_end : end;
}

SmOctets
sm_mend_header(SmOctets message)
{
    const char *end = header_end(message);

    if (end != NULL)
        message.length = (gsize)(end - message.data) + 1;
    message.length = MIN(message.length, HEADER_MAX);
    return message;
}

/* Line ends that are CR, or CR CR LF, become LF. */
static GString *
with_line_feeds(SmOctets message)
{
    const char *end = message.data + message.length;
    GString *text = g_string_sized_new(message.length);

    for (const char *at = message.data; at < end; at++) {
        const char *next = at;

        while (next < end && *next == '\r')
            next++;
        if (next < end && *next == '\n')
            at = next;
        g_string_append_c(text, *at == '\r' ? '\n' : *at);
    }
    return text;
}

/* Whether a tag of HTML, a comment or a doctype begins at the "<" before at: no address does so. */
static gboolean
is_markup(const char *at, const char *end)
{
    const char *name = at;

    if (at < end && *at == '!')
        return TRUE;
    while (at < end && g_ascii_isalnum(*at))
        at++;
    return at > name && at < end && memchr(" \t\r\n/>", *at, 6) != NULL;
}

/* A line of HTML is no field of a header: the header ends before it. */
static GString *
with_header_ended(SmOctets message)
{
    SmOctets header = sm_mend_header(message);
    const char *end = header.data + header.length;
    const char *at = header.data;
    GString *text;

    while ((at = memmem(at, (gsize)(end - at), "\n<", 2)) != NULL && !is_markup(at + 2, end))
        at += 2;
    if (at == NULL)
        return NULL;
    text = g_string_new_len(message.data, (gssize)message.length);
    g_string_insert_c(text, at - message.data, '\n');
    return text;
}

SmOctets
sm_mend(const char *data, gsize length, GString **copy)
{
    SmOctets message = without_prologue(data, length);

    if (header_end(message) == NULL && memmem(message.data, message.length, "\r\r", 2) != NULL)
        *copy = with_line_feeds(message);
    else
        *copy = with_header_ended(message);
    return *copy != NULL ? without_prologue((*copy)->str, (*copy)->len) : message;
}
