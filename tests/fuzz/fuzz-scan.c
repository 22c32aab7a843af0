/*
 * The scan of raw bytes against the parsers: where they find a span, it must not
 * say that there is none. The first octet chooses a header, the second one what
 * the rest is made into; the rest is the body.
 */
#include <string.h>

#include "filter/scan/scan.h"
#include "fuzz.h"
#include "rounds.h"

static const char *const heads[] = {
    "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: quoted-printable\n",
    "Content-Transfer-Encoding: 8bit\n",
    "Content-Transfer-Encoding: x-uuencode\n",
    "Content-Transfer-Encoding: base64\nMIME-Version: 1.0\r\n",
    "Content-Transfer-Encoding: base64url\n",
    "Content-Transfer-Encoding: quoted printable\n",
};

static const char *const types[] = {
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=utf-16",
    "text/html; charset=iso-2022-jp",
    "text/html; charset=utf-7",
    "text/html; charset=windows-1252",
    "text/html; charset*=us-ascii''utf%2D32",
    "message/rfc822",
};

/* Base64 in lines whose length, and end, the octets choose; or as it is. */
static void
add_body(GString *message, guint8 form, const guint8 *data, gsize size)
{
    gsize digits = 1 + (form >> 1 & 0x7f);
    g_autofree char *text = NULL;

    if (form % 2 == 0) {
        g_string_append_len(message, (const char *)data, (gssize)size);
        return;
    }
    text = g_base64_encode(data, size);
    if (form >= 0xf0)
        g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
    for (gsize at = 0, length = strlen(text); at < length; at += digits) {
        g_string_append_len(message, text + at, (gssize)MIN(digits, length - at));
        g_string_append(message, digits % 3 == 0 ? "\r\n" : "\n");
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_autoptr(SmEvent) event = NULL;

    if (size < 2)
        return 0;
    g_mime_init();
    g_string_append(message, heads[data[0] % G_N_ELEMENTS(heads)]);
    g_string_append_printf(message, "Content-Type: %s\n\n",
                           types[data[0] / G_N_ELEMENTS(heads) % G_N_ELEMENTS(types)]);
    add_body(message, data[1], data + 2, size - 2);
    event = fuzz_read_in_rounds(message->str, message->len);
    if (event != NULL)
        g_assert_true(sm_scan_could_announce(message->str, message->len));
    return 0;
}
