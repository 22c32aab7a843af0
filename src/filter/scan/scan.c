#include "filter/scan/scan.h"

#include <string.h>

#include "filter/scan/bytes.h"
#include "filter/scan/digits.h"
#include "filter/scan/field.h"

enum { NULS_MAX = 3 }; /* between two characters of UTF-32 */

static const char wanted[] = SM_WANTED;

/* The end of it where base64 holds it, in ASCII and, in either byte order, with NULs. */
#define END_ASCII G_GUINT64_CONSTANT(0x696c654e616d65) /* "ileName" */
#define END_UTF16 G_GUINT64_CONSTANT(0x61006d0065)     /* "a", NUL, "m", NUL, "e" */
#define END_UTF32 G_GUINT64_CONSTANT(0x6d00000065)     /* "m", three NULs, "e" */

/* The octet whose two digits come next, behind an "="; -1 if none does. */
static int
take_octet(SmBytes *from)
{
    int value = 0;

    for (int i = 0; i < 2; i++) {
        int digit;

        sm_bytes_skip(from);
        digit = from->at < from->end ? sm_byte_hex(*from->at++) : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/*
 * Whether the rest of what is wanted, from its character number have on, comes next in
 * quoted-printable. An "=" may begin an octet, or end a line: both are tried.
 */
static gboolean
quoted_follows(SmBytes from, guint have, guint nuls)
{
    while (have < SM_WANTED_LENGTH) {
        sm_bytes_skip(&from);
        if (from.at == from.end)
            return FALSE;
        if (*from.at == '=') {
            SmBytes behind = {from.at + 1, from.end};
            int octet = take_octet(&behind);

            if ((octet == wanted[have] && quoted_follows(behind, have + 1, 0)) ||
                (octet == '\0' && nuls < NULS_MAX && quoted_follows(behind, have, nuls + 1)))
                return TRUE;
            from.at++;
        } else if (*from.at++ != (guchar)wanted[have++]) {
            return FALSE;
        } else {
            nuls = 0;
        }
    }
    return TRUE;
}

/*
 * The same for base64, at the beginning of a group, which is behind an "=" too: where senders
 * encode piece by piece. A group of one digit is none: it may be anything.
 */
static gboolean
base64_follows(SmBytes from, guint have)
{
    guint bits = 0, held = 0, nuls = 0;

    for (; from.at < from.end && have < SM_WANTED_LENGTH; from.at++) {
        guchar class = sm_byte_class(*from.at), octet;

        if (class == SM_EQUALS && held == 6)
            return TRUE;
        if (class == SM_EQUALS)
            held = 0;
        if (class >= SM_LINE_END)
            continue;
        bits = bits << 6 | class;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        octet = bits >> held & 0xff;
        if (octet == (guchar)wanted[have])
            have++;
        else if (octet != '\0' || nuls++ == NULS_MAX)
            return FALSE;
        if (octet != '\0')
            nuls = 0;
    }
    return have == SM_WANTED_LENGTH;
}

/* Whether the first have characters of what is wanted came last before at, but for blanks, line
 * ends and "=". */
static gboolean
came_as_text(const guchar *start, const guchar *at, guint have)
{
    while (have > 0) {
        while (at > start && (sm_byte_is_skipped(at[-1]) || at[-1] == '='))
            at--;
        if (at == start || *--at != (guchar)wanted[--have])
            return FALSE;
    }
    return TRUE;
}

/* How many characters of what is wanted have come where this is the last one: but for the end, each
 * is there once. 0: none. */
static guint
come_with(guchar last)
{
    const char *at = memchr(wanted, last, SM_WANTED_LENGTH - 1);

    return at != NULL ? (guint)(at - wanted) + 1 : 0;
}

/* Whether what is wanted goes on behind an "=" in quoted-printable, or begins with it. */
static gboolean
goes_on_quoted(const guchar *start, SmBytes from)
{
    const guchar *before = from.at;
    guint have;

    while (before > start && (sm_byte_is_skipped(before[-1]) || before[-1] == '='))
        before--;
    have = before > start ? come_with(before[-1]) : 0;
    return (have > 0 && came_as_text(start, before, have) && quoted_follows(from, have, 0)) ||
           quoted_follows(from, 0, 0);
}

/* The same in base64, wherever its groups begin; a NUL may stand behind any character. */
static gboolean
goes_on_as_base64(guint64 bits, SmBytes digits)
{
    for (guint offset = 0; offset <= 4; offset += 2) {
        guchar last = bits >> offset & 0xff;
        guint first = last == '\0' ? 1 : come_with(last);

        for (guint have = first; have > 0 && have < SM_WANTED_LENGTH; have++) {
            if (base64_follows(digits, have))
                return TRUE;
            if (last != '\0')
                break;
        }
    }
    return FALSE;
}

/* Whether what is wanted goes on behind an "=", at from, in either encoding. Of several that follow
 * each other the last one is as good as the first, and spares a look at the others. */
static gboolean
goes_on(const guchar *start, SmBytes from, guint64 bits)
{
    SmBytes digits = {from.at + 1, from.end};
    SmBytes next = digits;

    sm_bytes_skip(&next);
    if (next.at == next.end || *next.at == '=')
        return FALSE;
    if (goes_on_quoted(start, from))
        return TRUE;
    while (digits.at < digits.end && sm_byte_class(*digits.at) >= SM_LINE_END && *digits.at != '=')
        digits.at++;
    return digits.at < digits.end && *digits.at != '=' && goes_on_as_base64(bits, digits);
}

/* Whether what is wanted ends with the last digit, wherever groups begin. */
static gboolean
ends_as_base64(guint64 bits)
{
    for (guint offset = 0; offset <= 4; offset += 2) {
        guint64 last = bits >> offset;

        if ((last & 0xffffffffffffff) == END_ASCII || (last & 0xffffffffff) == END_UTF16 ||
            (last & 0xffffffffff) == END_UTF32)
            return TRUE;
    }
    return FALSE;
}

/* Of two digits of base64, flags: what is worth a look behind them. */
enum {
    STOP_MIDDLE = 1, /* an octet that is not the last one: it may go on behind an "=" */
    STOP_END = 0x80, /* what is wanted may end with them, or the last is "N" */
};

/* What a byte does to the digits before it: how many bits they move, and, above these, its own. */
enum { SHIFT_MASK = 63, DIGIT_AT = 8 };

/* What is looked at byte by byte, and what is remembered from the bytes before. */
typedef struct {
    guchar classes[256];
    guint16 acts[256];     /* see above; STOP_END: it is an "=", or ends a line */
    guchar stops[1 << 12]; /* two digits, see the flags */
    const guchar *start;
    guint64 bits;       /* the last digits, if it all were base64 */
    const guchar *tail; /* the last ones instead, where a line of digits ends; or NULL */
    SmDigits digits;
} Scan;

/* Notes flag for all pairs of digits in which the octet may stand, of which extra bits above it are
 * those of above, if that is not negative. */
static void
add_stops(Scan *scan, guint octet, int above, guchar flag)
{
    for (guint width = 4, at = 0; at <= 4; at += 2, width -= 2)
        for (guint rest = 0; rest < 16; rest++) {
            guint high = rest >> at, low = rest & ((1U << at) - 1);

            if (above < 0 || high == ((guint)above & ((1U << width) - 1)))
                scan->stops[(high << 8 | octet) << at | low] |= flag;
        }
}

static void
prepare(Scan *scan)
{
    for (guint c = 0; c < G_N_ELEMENTS(scan->classes); c++) {
        guchar class = sm_byte_class((guchar)c);
        gboolean stops = class == SM_EQUALS || class == SM_LINE_END;

        scan->classes[c] = class;
        scan->acts[c] = class < SM_LINE_END ? class << DIGIT_AT | 6 : stops ? STOP_END : 0;
    }
    memset(scan->stops, 0, sizeof scan->stops);
    for (guint first = 0; first < 64; first++)
        scan->stops[first << 6 | sm_byte_class('N')] = STOP_END;
    add_stops(scan, 'e', 'm', STOP_END);
    add_stops(scan, 'e', '\0', STOP_END);
    for (guint i = 0; i < SM_WANTED_LENGTH - 1; i++)
        add_stops(scan, (guchar)wanted[i], -1, STOP_MIDDLE);
    add_stops(scan, '\0', -1, STOP_MIDDLE);
    sm_digits_prepare(&scan->digits);
}

/* Whether the "N" at at is that of what is wanted, as text. */
static gboolean
is_in_text(const Scan *scan, SmBytes at)
{
    guint have = come_with('N');

    return came_as_text(scan->start, at.at + 1, have) &&
           quoted_follows((SmBytes){at.at + 1, at.end}, have, 0);
}

/* Whether goes_on() needs a look. Mostly the digits of another octet come, or a line end and a byte
 * that are not of what is wanted, and what came before is not either. */
static gboolean
may_go_on(const Scan *scan, SmBytes from, guint64 bits)
{
    const guchar *next = from.at + 1;
    int high, low;

    if (from.end - from.at < 4 || (scan->stops[bits & 0xfff] & STOP_MIDDLE) != 0)
        return TRUE;
    if (*next == '\n')
        return sm_byte_is_skipped(next[1]) || next[1] == '=' || strchr(wanted, next[1]) != NULL;
    high = sm_byte_hex(next[0]);
    low = sm_byte_hex(next[1]);
    return high < 0 || low < 0 || strchr(wanted, next[0]) != NULL ||
           strchr(wanted, high << 4 | low) != NULL; /* a NUL, too */
}

/* Each byte from at to end, behind which the message goes on to its own end. */
static gboolean
look_at_each(Scan *scan, const guchar *at, const guchar *end, const guchar *message_end)
{
    guint64 bits = scan->bits;

    for (; at < end; at++) {
        guint act = scan->acts[*at];
        guchar class;

        /* few bytes are worth a branch, and which, no processor foresees */
        bits = bits << (act & SHIFT_MASK) | act >> DIGIT_AT;
        if (((scan->stops[bits & 0xfff] | act) & STOP_END) == 0)
            continue;
        class = scan->classes[*at];
        if (class < SM_LINE_END) {
            if (ends_as_base64(bits) ||
                (*at == 'N' && is_in_text(scan, (SmBytes){at, message_end})))
                return TRUE;
        } else if ((class == SM_EQUALS && may_go_on(scan, (SmBytes){at, message_end}, bits) &&
                    goes_on(scan->start, (SmBytes){at, message_end}, bits)) ||
                   (class == SM_LINE_END && sm_scan_is_odd_line((SmBytes){at + 1, message_end}))) {
            return TRUE;
        }
    }
    scan->bits = bits;
    return FALSE;
}

/* One line, from at to end, which is behind what ends it. */
static gboolean
look_at_line(Scan *scan, SmBytes message, const guchar *digits_end, const guchar *end)
{
    if (digits_end != NULL && !sm_digits_may_hold(&scan->digits, message.at, digits_end) &&
        (scan->tail != NULL
             ? !sm_digits_may_meet(&scan->digits, scan->tail, message.at)
             : !look_at_each(scan, message.at, message.at + SM_DIGITS_MEETING, message.end))) {
        scan->tail = digits_end - SM_DIGITS_MEETING;
        return sm_scan_is_odd_line((SmBytes){end, message.end});
    }
    for (guint i = 0; scan->tail != NULL && i < SM_DIGITS_MEETING; i++)
        scan->bits = scan->bits << 6 | scan->classes[scan->tail[i]];
    scan->tail = NULL;
    return look_at_each(scan, message.at, end, message.end);
}

gboolean
sm_scan_could_announce(const char *message, gsize length)
{
    SmBytes from = {(const guchar *)message, (const guchar *)message + length};
    Scan scan = {.start = from.at};
    gsize before = G_MAXSIZE; /* the length of the line before, with what ends it */

    prepare(&scan);
    if (length >= 3 && memcmp(message, "\357\273\277", 3) == 0)
        from.at += 3;
    if (sm_scan_is_odd_line(from))
        return TRUE;
    while (from.at < from.end) {
        gsize left = (gsize)(from.end - from.at);
        const guchar *next = before <= left ? from.at + before : from.at;
        /* Most lines of digits are as long as the one before: so many digits hold no line end. */
        const guchar *digits_end =
            next > from.at && next[-1] == '\n' ? sm_digits_end(from.at, next) : NULL;

        if (digits_end == NULL) {
            next = memchr(from.at, '\n', left);
            next = next != NULL ? next + 1 : from.end;
            digits_end = sm_digits_end(from.at, next);
        }
        if (look_at_line(&scan, from, digits_end, next))
            return TRUE;
        before = (gsize)(next - from.at);
        from.at = next;
    }
    return FALSE;
}
