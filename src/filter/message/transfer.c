#include "filter/message/transfer.h"

#include <string.h>

#include "filter/message/token.h"

/* By letters and digits alone, without an X before them: some write base-64, quoted printable or a
 * comma behind the word. */
SmTransfer
sm_transfer_of(const char *value)
{
    static const struct {
        const char *word;
        SmTransfer encoding;
    } known[] = {
        {"7bit", SM_TRANSFER_PLAIN},           {"8bit", SM_TRANSFER_PLAIN},
        {"binary", SM_TRANSFER_PLAIN},         {"base64", SM_TRANSFER_BASE64},
        {"base64url", SM_TRANSFER_BASE64_URL}, {"quotedprintable", SM_TRANSFER_QUOTED_PRINTABLE},
        {"uuencode", SM_TRANSFER_UUENCODE},    {"uue", SM_TRANSFER_UUENCODE},
    };
    g_autoptr(GString) word = g_string_new(NULL);

    while (value != NULL && *value != '\0' && *value != ';') {
        if (g_ascii_isalnum(*value))
            g_string_append_c(word, *value);
        value = *value == '(' ? sm_token_skip(value, NULL) : value + 1;
    }
    if (g_ascii_tolower(*word->str) == 'x')
        g_string_erase(word, 0, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_ascii_strcasecmp(known[i].word, word->str) == 0)
            return known[i].encoding;
    return SM_TRANSFER_N;
}

SmTransfer
sm_transfer_guess(SmTransfer label, guint number)
{
    guint guesses = label == SM_TRANSFER_PLAIN ? 1 : SM_TRANSFER_N;

    return number < guesses ? (label + number) % SM_TRANSFER_N : SM_TRANSFER_N;
}

static int
base64_value(char c, gboolean url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || (url && c == '-'))
        return 62;
    return c == '/' || (url && c == '_') ? 63 : -1;
}

/*
 * Padding ends a group, not the data: senders that encode line by line, or
 * piece by piece, pad in the middle.
 */
static gsize
decode_base64(const char *data, const char *end, gboolean url, guint8 *out, gsize max)
{
    guint32 bits = 0;
    guint held = 0;
    gsize size = 0;

    for (; data < end && size < max; data++) {
        int value = base64_value(*data, url);

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
sm_transfer_decode(SmTransfer encoding, const char *data, gsize length, gsize max)
{
    const char *end = data + length;
    GByteArray *decoded;
    gsize size;

    if (encoding == SM_TRANSFER_PLAIN)
        return NULL;
    max = MIN(length, max); /* no encoding grows when it is taken off */
    decoded = g_byte_array_sized_new((guint)MAX(max, 1)); /* or data is NULL, without arithmetic */
    g_byte_array_set_size(decoded, (guint)max);
    if (encoding == SM_TRANSFER_QUOTED_PRINTABLE)
        size = decode_quoted_printable(data, end, decoded->data, max);
    else if (encoding == SM_TRANSFER_UUENCODE)
        size = decode_uuencode(data, end, decoded->data, max);
    else
        size = decode_base64(data, end, encoding == SM_TRANSFER_BASE64_URL, decoded->data, max);
    g_byte_array_set_size(decoded, (guint)size);
    return decoded;
}
