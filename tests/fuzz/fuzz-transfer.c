/*
 * Octets in a transfer encoding: what is encoded decodes to what it was, up to
 * any limit, and HTML announces the same names in a message, however that was
 * encoded for the way.
 */
#include <string.h>

#include "filter/message/gmime-auto.h"
#include "filter/message/mime.h"
#include "filter/message/parts.h"
#include "filter/message/transfer.h"
#include "fuzz.h"

static const guint8 nothing[1];

static GString *
as_base64(const guint8 *data, gsize size)
{
    g_autofree char *text = g_base64_encode(size > 0 ? data : nothing, size);

    return g_string_new(text);
}

/* Every octet in hex, in lines of 24 octets. */
static GString *
as_quoted_printable(const guint8 *data, gsize size)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < size; i++)
        g_string_append_printf(text, "=%02X%s", data[i], i % 24 == 23 ? "=\r\n" : "");
    return text;
}

/* Lines of up to 45 octets, each a multiple of three: what is too much counts for nothing. */
static GString *
as_uuencode(const guint8 *data, gsize size)
{
    GString *text = g_string_new("begin 644 page.html\n");

    for (gsize line = 0; line < size; line += 45) {
        gsize end = MIN(line + 45, size);

        g_string_append_c(text, (char)(' ' + (end - line)));
        for (gsize i = line; i < end; i += 3) {
            guint32 bits = (guint32)data[i] << 16 | (i + 1 < end ? (guint32)data[i + 1] << 8 : 0) |
                           (i + 2 < end ? data[i + 2] : 0);

            for (int shift = 18; shift >= 0; shift -= 6)
                g_string_append_c(text, (char)(' ' + (bits >> shift & 63)));
        }
        g_string_append_c(text, '\n');
    }
    return g_string_append(text, "`\nend\n");
}

static void
assert_decodes(const char *encoding, const GString *text, const guint8 *data, gsize size)
{
    gsize limit = size > 0 ? data[0] : 0;
    g_autoptr(GByteArray) all =
        sm_transfer_decode(sm_transfer_of(encoding), text->str, text->len, G_MAXUINT32);
    g_autoptr(GByteArray) part =
        sm_transfer_decode(sm_transfer_of(encoding), text->str, text->len, limit);

    g_assert_cmpmem(all->data, all->len, data, size);
    g_assert_cmpmem(part->data, part->len, data, MIN(limit, size));
}

/* A byte order mark makes another text of it. */
static gboolean
has_mark(const guint8 *data, gsize size)
{
    static const char *const marks[] = {"\357\273\277", "\377\376", "\376\377"};

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        if (size >= strlen(marks[i]) && memcmp(data, marks[i], strlen(marks[i])) == 0)
            return TRUE;
    return size >= 4 && memcmp(data, "\0\0\376\377", 4) == 0;
}

static void
assert_announces(const char *encoding, const GString *text, const SmFindings *expected)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_autoptr(SmCharsets) charsets = sm_charsets_new();
    g_autoptr(SmEvent) event = NULL;

    g_string_printf(message,
                    "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: %s\n\n",
                    encoding);
    g_string_append_len(message, text->str, (gssize)text->len);
    event = sm_mime_read(message->str, message->len, charsets);
    g_assert_null(sm_charsets_missing(charsets));
    if (event == NULL) {
        g_assert_cmpuint(expected->names->len, ==, 0);
        g_assert_null(expected->fault);
        return;
    }
    g_assert_cmpuint(g_strv_length(event->names), ==, expected->names->len);
    for (guint i = 0; i < expected->names->len; i++)
        g_assert_cmpstr(event->names[i], ==, expected->names->pdata[i]);
    if (expected->names->len == 0)
        g_assert_cmpstr(event->reason, ==, expected->fault);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    static const struct {
        const char *name;
        GString *(*encode)(const guint8 *data, gsize size);
    } encodings[] = {{"base64", as_base64},
                     {"Quoted-Printable", as_quoted_printable},
                     {"x-uuencode", as_uuencode}};
    g_autoptr(SmFindings) expected = sm_findings_new();

    g_mime_init();
    if (sm_markup_is_candidate((const char *)data, size))
        sm_markup_read((const char *)data, size, expected);
    for (gsize i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autoptr(GString) text = encodings[i].encode(data, size);

        assert_decodes(encodings[i].name, text, data, size);
        if (!has_mark(data, size))
            assert_announces(encodings[i].name, text, expected);
    }
    return 0;
}
