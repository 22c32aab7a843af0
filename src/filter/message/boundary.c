#include "filter/message/boundary.h"

#include <string.h>

enum { BOUNDARIES_MAX = 20 };

static const char word[] = "boundary";

/* The first octet from at on that is one of set, or with is that is none of them; end if none. */
static const char *
skip(const char *at, const char *end, const char *set, gboolean is)
{
    while (at < end && (strchr(set, *at) != NULL) == is)
        at++;
    return at;
}

static gboolean
is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* The value of the next parameter boundary from at on, without quotes; empty if there is none. */
static SmOctets
next_boundary(const char *at, const char *end)
{
    for (; end - at > (gssize)strlen(word); at++) {
        const char *value = at + strlen(word);
        char quote;

        if (g_ascii_tolower(*at) != *word || g_ascii_strncasecmp(at, word, strlen(word)) != 0)
            continue;
        value = skip(value, end, " \t", TRUE);
        if (value == end || *value != '=')
            continue;
        value = skip(value + 1, end, " \t", TRUE);
        quote = value < end ? *value : '\0';
        value += is_quote(quote);
        at = skip(value, end,
                  quote == '"'      ? "\"\r\n"
                  : is_quote(quote) ? "'\r\n"
                                    : "; \t\r\n",
                  FALSE);
        if (at > value)
            return (SmOctets){value, (gsize)(at - value)};
    }
    return (SmOctets){end, 0};
}

/* Whether the boundary is in quotes of the wrong kind, or in one that no other ends. */
static gboolean
is_misquoted(SmOctets boundary, const char *end)
{
    const char *behind = boundary.data + boundary.length;
    char quote = boundary.data[-1];

    return is_quote(quote) && (quote == '\'' || behind == end || *behind != quote);
}

/* Whether GMime takes another boundary than these octets: it decodes encoded words and character
 * sets, keeps blanks at the end, which lines may lose on the way, and knows one kind of quotes. */
static gboolean
is_odd(SmOctets boundary, const char *end)
{
    const char *data = boundary.data;

    for (gsize i = 0; i < boundary.length; i++)
        if ((guchar)data[i] >= 0x80 || (i > 0 && data[i] == '?' && data[i - 1] == '='))
            return TRUE;
    return data[boundary.length - 1] == ' ' || is_misquoted(boundary, end);
}

static SmOctets
next_odd_boundary(const char *at, const char *end)
{
    SmOctets boundary = next_boundary(at, end);

    while (boundary.length > 0 && !is_odd(boundary, end))
        boundary = next_boundary(boundary.data + boundary.length, end);
    return boundary;
}

/* Makes an odd boundary plain, where it is announced and behind "--", in place. */
static void
make_plain(GString *text, SmOctets boundary)
{
    g_autofree char *odd = g_strndup(boundary.data, boundary.length);
    gsize length = strlen(g_strchomp(odd));
    char *at = text->str, *end = at + text->len;

    while (length > 0 && (at = memmem(at, (gsize)(end - at), odd, length)) != NULL) {
        if (at == boundary.data || (at - text->str > 1 && at[-1] == '-' && at[-2] == '-'))
            for (gsize i = 0; i < length; i++)
                at[i] = (char)(g_ascii_isalnum(at[i]) ? at[i] : 'x');
        at += length;
    }
    at = (char *)boundary.data;
    if (is_misquoted(boundary, end)) {
        at[-1] = ' ';
        if (at[boundary.length] == '\'')
            at[boundary.length] = ' ';
    } else if (length < boundary.length && at[boundary.length] == '"') {
        at[boundary.length] = ' ';
        at[length] = '"';
    }
}

gboolean
sm_boundary_is_odd(SmOctets message)
{
    return next_odd_boundary(message.data, message.data + message.length).length > 0;
}

void
sm_boundary_make_plain(GString *message)
{
    const char *end = message->str + message->len;
    SmOctets odd = next_odd_boundary(message->str, end);

    for (guint i = 0; i < BOUNDARIES_MAX && odd.length > 0; i++) {
        make_plain(message, odd);
        odd = next_odd_boundary(odd.data + odd.length, end);
    }
}
