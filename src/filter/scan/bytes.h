/*
 * What the modules of the scan (scan.h) share: what a byte is, and where to read on. Of GLib they
 * use types and macros alone: it is not loaded yet.
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
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
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

/* The value of c as a hexadecimal digit; -1 if it is none. */
static inline int
sm_byte_hex(guchar c)
{
    guchar letter = c | 0x20;

    if (c >= '0' && c <= '9')
        return c - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
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
