#include "filter/message/transfer.h"

#include <string.h>

#include "filter/message/token.h"

typedef enum { AS_IS, BASE64, QUOTED_PRINTABLE, UUENCODE } Encoding;

/* By letters and digits alone: some write base-64, quoted_printable or a comma behind the word. */
static Encoding
encoding_of(const char *value)
{
    static const struct {
        const char *word;
        Encoding encoding;
    } known[] = {
        {"base64", BASE64},     {"quotedprintable", QUOTED_PRINTABLE},
        {"uuencode", UUENCODE}, {"xuuencode", UUENCODE},
        {"xuue", UUENCODE},     {"uue", UUENCODE},
    };
    g_autofree char *word = sm_token_of(value);
    char *to = word;

    for (const char *from = word; *from != '\0'; from++)
        if (g_ascii_isalnum(*from))
            *to++ = *from;
    *to = '\0';
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_ascii_strcasecmp(known[i].word, word) == 0)
            return known[i].encoding;
    return AS_IS;
}

static int
base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Padding ends a group, not the data: senders that encode line by line, or
 * piece by piece, pad in the middle.
 */
static gsize
decode_base64(const char *data, const char *end, guint8 *out, gsize max)
{
    guint32 bits = 0;
    guint held = 0;
    gsize size = 0;

    for (; data < end && size < max; data++) {
        int value = base64_value(*data);

        if (*data == '=')
            held = 0;
        if (value < 0)
            continue;
        bits = bits << 6 | (guint32)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[size++] = (guint8)(bits >> held);
        }
    }
    return size;
}

/*
 * What follows a soft line break that starts at the "=" at data; NULL if it is
 * none (6.7, rule 5). Carriage returns may have multiplied.
 */
static const char *
skip_soft_break(const char *data, const char *end)
{
    do
        data++;
    while (data < end && memchr(" \t\r", *data, 3) != NULL);
    if (data < end && *data != '\n')
        return NULL;
    return data < end ? data + 1 : end;
}

static gsize
decode_quoted_printable(const char *data, const char *end, guint8 *out, gsize max)
{
    gsize size = 0;

    while (data < end && size < max) {
        const char *next = *data == '=' ? skip_soft_break(data, end) : NULL;

        if (next != NULL) {
            data = next;
        } else if (*data == '=' && end - data > 2 && g_ascii_isxdigit(data[1]) &&
                   g_ascii_isxdigit(data[2])) {
            out[size++] =
                (guint8)(g_ascii_xdigit_value(data[1]) << 4 | g_ascii_xdigit_value(data[2]));
            data += 3;
        } else {
            out[size++] = (guint8)*data++;
        }
    }
    return size;
}

/* One line: its number of octets, then groups of four; blanks at its end may have got lost. */
static gsize
decode_uu_line(const char *line, const char *end, guint8 *out, gsize max)
{
    gsize octets = MIN(((guchar)*line - 32U) & 63, max);
    guint32 bits = 0;

    line++;
    for (gsize i = 0, size = 0; size < octets; i++) {
        bits = bits << 6 | (line + i < end ? ((guchar)line[i] - 32U) & 63 : 0);
        if (i % 4 != 0)
            out[size++] = (guint8)(bits >> (6 - 2 * (i % 4)));
    }
    return octets;
}

static gsize
decode_uuencode(const char *data, const char *end, guint8 *out, gsize max)
{
    gboolean begun = FALSE;
    gsize size = 0;

    while (data < end) {
        const char *next = memchr(data, '\n', (gsize)(end - data));
        const char *line_end = next != NULL ? next : end;

        if (line_end > data && line_end[-1] == '\r')
            line_end--;
        if (begun && (line_end == data || (line_end - data == 3 && memcmp(data, "end", 3) == 0)))
            break;
        if (begun)
            size += decode_uu_line(data, line_end, out + size, max - size);
        else if (line_end - data > 6 && memcmp(data, "begin ", 6) == 0)
            begun = TRUE;
        data = next != NULL ? next + 1 : end;
    }
    return size;
}

GByteArray *
sm_transfer_decode(const char *encoding, const char *data, gsize length, gsize max)
{
    Encoding form = encoding != NULL ? encoding_of(encoding) : AS_IS;
    const char *end = data + length;
    GByteArray *decoded;
    gsize size;

    if (form == AS_IS)
        return NULL;
    max = MIN(length, max); /* no encoding grows when it is taken off */
    decoded = g_byte_array_sized_new((guint)MAX(max, 1)); /* or data is NULL, without arithmetic */
    g_byte_array_set_size(decoded, (guint)max);
    if (form == BASE64)
        size = decode_base64(data, end, decoded->data, max);
    else if (form == QUOTED_PRINTABLE)
        size = decode_quoted_printable(data, end, decoded->data, max);
    else
        size = decode_uuencode(data, end, decoded->data, max);
    g_byte_array_set_size(decoded, (guint)size);
    return decoded;
}
