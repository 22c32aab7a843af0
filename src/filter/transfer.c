#include "transfer.h"

#include <string.h>

#include "gmime-auto.h"

typedef enum { AS_IS, BASE64, QUOTED_PRINTABLE, UUENCODE } Encoding;

static Encoding
encoding_of(const char *value)
{
    static const struct {
        const char *word;
        Encoding encoding;
    } known[] = {
        {"base64", BASE64},     {"quoted-printable", QUOTED_PRINTABLE},
        {"uuencode", UUENCODE}, {"x-uuencode", UUENCODE},
        {"x-uue", UUENCODE},    {"uue", UUENCODE},
    };
    gsize length;

    value += strspn(value, " \t\r\n\"");
    length = strcspn(value, " \t\r\n\";(");
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (strlen(known[i].word) == length &&
            g_ascii_strncasecmp(known[i].word, value, length) == 0)
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

/* What follows a soft line break that starts at the "=" at data; NULL if it is none (6.7, rule 5).
 */
static const char *
skip_soft_break(const char *data, const char *end)
{
    for (data++; data < end && (*data == ' ' || *data == '\t'); data++)
        continue;
    if (data + 1 < end && data[0] == '\r' && data[1] == '\n')
        return data + 2;
    if (data < end && *data == '\n')
        return data + 1;
    return data == end || (data + 1 == end && *data == '\r') ? end : NULL;
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

static gsize
decode_uuencode(const char *data, gsize length, guint8 *out)
{
    GMimeEncoding state;

    g_mime_encoding_init_decode(&state, GMIME_CONTENT_ENCODING_UUENCODE);
    return g_mime_encoding_step(&state, data, length, (char *)out);
}

GByteArray *
sm_transfer_decode(const char *encoding, const char *data, gsize length, gsize max)
{
    Encoding form = encoding != NULL ? encoding_of(encoding) : AS_IS;
    const char *end = data + length;
    GByteArray *decoded;
    gsize size = 0;

    if (form == AS_IS)
        return NULL;
    decoded = g_byte_array_new();
    /* No encoding here grows; uudecoding, GMime's, counts its own room and knows no limit. */
    g_byte_array_set_size(decoded, (guint)(form == UUENCODE ? length + 3 : MIN(length, max)));
    if (form == BASE64)
        size = decode_base64(data, end, decoded->data, max);
    else if (form == QUOTED_PRINTABLE)
        size = decode_quoted_printable(data, end, decoded->data, max);
    else
        size = decode_uuencode(data, length, decoded->data);
    g_byte_array_set_size(decoded, (guint)MIN(size, max));
    return decoded;
}
