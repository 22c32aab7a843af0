/*
 * What the modules of the scan (scan.h) share: what a byte is, and where to read on.
 */
#pragma once

#include <string.h>

#include <glib.h>

#define SM_WANTED "fileName"

enum { SM_WANTED_LENGTH = 8 };

/* What a byte is, beside a digit of base64, whose class is its value. */
enum { SM_LINE_END = 64, SM_BLANK, SM_EQUALS, SM_OTHER };

/* Where to read on, and until where. */
typedef struct {
    const guchar *at;
    const guchar *end;
} SmBytes;

/* What c is: its value as a digit of base64, or one of the above. */
static inline guchar
sm_byte_class(guchar c)
{
    if (g_ascii_isupper(c))
        return c - 'A';
    if (g_ascii_islower(c))
        return c - 'a' + 26;
    if (g_ascii_isdigit(c))
        return c - '0' + 52;
    switch (c) {
    case '+':
        return 62;
    case '/':
        return 63;
    case '\r':
    case '\n':
        return SM_LINE_END;
    case '\0': /* UTF-16 and UTF-32 are ASCII with NULs */
    case '\t':
    case ' ':
        return SM_BLANK;
    case '=':
        return SM_EQUALS;
    default:
        return SM_OTHER;
    }
}

/* Whether what is looked for may have it between two characters. */
static inline gboolean
sm_byte_is_skipped(guchar c)
{
    guchar class = sm_byte_class(c);

    return class == SM_LINE_END || class == SM_BLANK;
}

/* Goes on to the next byte that is not skipped. */
static inline void
sm_bytes_skip(SmBytes *from)
{
    while (from->at < from->end && sm_byte_is_skipped(*from->at))
        from->at++;
}
