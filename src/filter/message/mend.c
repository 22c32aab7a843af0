#include "filter/message/mend.h"

#include <string.h>

enum { HEADER_MAX = 1024 * 1024 };

/*
 * Whether the line from at to the line feed at end is blank, begins with
 * blanks, which continues nothing, is a "From " line of an mbox or a line of
 * control characters of MMDF, or the number of bytes that Apple Mail writes there.
 */
static gboolean
is_prologue(const char *at, const char *end)
{
    gsize length = (gsize)(end - at);

    if (length == 0 || memchr(" \t\r\001", *at, 4) != NULL)
        return TRUE;
    if (g_ascii_isdigit(*at)) {
        while (at < end && memchr("0123456789 \r", *at, 12) != NULL)
            at++;
        return at == end;
    }
    if (*at == '>') {
        at++;
        length--;
    }
    return length >= 5 && memcmp(at, "From ", 5) == 0;
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

GString *
sm_mend_returns(SmOctets message)
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

gboolean
sm_mend_is_field(SmOctets octets)
{
    const char *at = octets.data;
    gsize name = 0;

    while (name < octets.length && at[name] != ':' && g_ascii_isgraph(at[name]))
        name++;
    if (name == 0)
        return FALSE;
    while (name < octets.length && (at[name] == ' ' || at[name] == '\t'))
        name++;
    return name < octets.length && at[name] == ':';
}

/*
 * Whether the header ends before the line at at: for HTML and boundaries of a
 * multipart, and where no blank line ends it, for all that is no field.
 */
static gboolean
begins_body(const char *at, const char *end, gboolean is_ended)
{
    if (at == end || *at == ' ' || *at == '\t')
        return FALSE;
    if (*at == '<')
        return is_markup(at + 1, end);
    if (end - at > 2 && at[0] == '-' && at[1] == '-')
        return TRUE;
    return !is_ended && !sm_mend_is_field((SmOctets){at, (gsize)(end - at)});
}

static GString *
with_header_ended(SmOctets message)
{
    gboolean is_ended = header_end(message) != NULL;
    SmOctets header = sm_mend_header(message);
    const char *end = header.data + header.length;
    const char *at = header.data;
    GString *text;

    while ((at = memchr(at, '\n', (gsize)(end - at))) != NULL &&
           !begins_body(at + 1, end, is_ended))
        at++;
    if (at == NULL)
        return NULL;
    text = g_string_new_len(message.data, (gssize)message.length);
    g_string_insert_c(text, at - message.data, '\n');
    return text;
}

GString *
sm_mend_parts(SmOctets message)
{
    const char *at = message.data, *copied = at, *end = at + message.length, *feed;
    gboolean is_header = FALSE;
    GString *text = NULL;

    for (; (feed = memchr(at, '\n', (gsize)(end - at))) != NULL; at = feed + 1) {
        if (feed - at > 2 && at[0] == '-' && at[1] == '-') {
            is_header = TRUE;
        } else if (*at == '\n' || *at == '\r') { /* another one may follow, of a message */
            is_header &= sm_mend_is_field((SmOctets){feed + 1, (gsize)(end - feed - 1)});
        } else if (is_header && begins_body(at, end, FALSE)) {
            is_header = FALSE;
            text = text != NULL ? text : g_string_sized_new(message.length);
            g_string_append_len(text, copied, at - copied);
            g_string_append_c(text, '\n');
            copied = at;
        }
    }
    if (text != NULL)
        g_string_append_len(text, copied, end - copied);
    return text;
}

/* Whether the header ends, and so its lines do, without a line feed. */
static gboolean
has_bare_returns(SmOctets message)
{
    return header_end(message) == NULL && memmem(message.data, message.length, "\r\r", 2) != NULL;
}

gboolean
sm_mend_is_doubtful(const char *data, gsize length)
{
    SmOctets message = without_prologue(data, length), header = sm_mend_header(message);

    return has_bare_returns(message) || memchr(header.data, '\0', header.length) != NULL;
}

SmOctets
sm_mend(const char *data, gsize length, GString **copy)
{
    SmOctets message = without_prologue(data, length);

    if (has_bare_returns(message))
        *copy = sm_mend_returns(message);
    else
        *copy = with_header_ended(message);
    return *copy != NULL ? without_prologue((*copy)->str, (*copy)->len) : message;
}

GString *
sm_mend_broken_lines(SmOctets text)
{
    const char *at = text.data, *end = at + text.length, *feed;
    GString *whole = NULL;

    while ((feed = memmem(at, (gsize)(end - at), "\n ", 2)) != NULL) {
        const char *line_end = feed > at && feed[-1] == '\r' ? feed - 1 : feed;

        if (whole == NULL)
            whole = g_string_sized_new(text.length);
        g_string_append_len(whole, at, line_end - at);
        at = feed + 2;
    }
    if (whole != NULL)
        g_string_append_len(whole, at, end - at);
    return whole;
}
