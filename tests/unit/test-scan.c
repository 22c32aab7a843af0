/* The scan of raw bytes: whatever the parsers could find, however it is encoded, counts; other mail
 * does not. */
#include <string.h>

#include "filter/scan/scan.h"

#define SPAN "<p>Your file: <span id=\"fileName\"> a.csv </span></p>"

enum { AROUND = 150 }; /* octets of something else before what is looked for */

static gboolean
could(const GString *message)
{
    return sm_scan_could_announce(message->str, message->len);
}

static void
assert_could(const char *head, const char *body)
{
    g_autoptr(GString) message = g_string_new(head);

    g_string_append_c(message, '\n');
    g_string_append(message, body);
    if (!could(message))
        g_test_message("%s", message->str);
    g_assert_true(could(message));
}

static void
assert_could_not(const char *head, const char *body)
{
    g_autoptr(GString) message = g_string_new(head);

    g_string_append_c(message, '\n');
    g_string_append(message, body);
    g_assert_false(could(message));
}

/* Random octets, the same ones in each run, with the span at offset, each character width octets
 * wide. */
static GByteArray *
hidden(GRand *chance, gsize offset, gsize width, gboolean little)
{
    GByteArray *octets = g_byte_array_new();

    for (gsize i = 0; i < offset + AROUND; i++) {
        guint8 octet = (guint8)g_rand_int_range(chance, 0, 256);

        g_byte_array_append(octets, &octet, 1);
        for (const char *c = SPAN; i + 1 == offset && *c != '\0'; c++) {
            guint8 wide[4] = {0};

            wide[little ? 0 : width - 1] = (guint8)*c;
            g_byte_array_append(octets, wide, (guint)width);
        }
    }
    return octets;
}

/* Base64 in lines of so many digits. */
static char *
in_lines(const GByteArray *octets, gsize digits, const char *line_end)
{
    g_autofree char *text = g_base64_encode(octets->data, octets->len);
    GString *lines = g_string_new(NULL);

    for (gsize at = 0, length = strlen(text); at < length; at += digits) {
        g_string_append_len(lines, text + at, (gssize)MIN(digits, length - at));
        g_string_append(lines, line_end);
    }
    return g_string_free(lines, FALSE);
}

static void
base64_at_any_place_in_lines_of_any_length(void)
{
    static const char *const line_ends[] = {"\n", "\r\n", "\r\r\n", "\n\n", " \n", "-\n"};
    g_autoptr(GRand) chance = g_rand_new_with_seed(1);

    for (gsize offset = 1; offset < 100; offset++)
        for (gsize digits = 1; digits < 120; digits += 1 + digits / 20)
            for (gsize width = 1; width <= 4; width *= 2) {
                g_autoptr(GByteArray) octets = hidden(chance, offset, width, offset % 2 == 0);
                g_autofree char *lines = in_lines(
                    octets, digits, line_ends[(offset + digits) % G_N_ELEMENTS(line_ends)]);

                assert_could("Content-Transfer-Encoding: base64\n", lines);
            }
}

/* Each piece with padding of its own, as some senders do it line by line. */
static void
base64_in_padded_pieces(void)
{
    g_autoptr(GRand) chance = g_rand_new_with_seed(2);

    for (gsize piece = 1; piece < 80; piece++)
        for (gsize width = 1; width <= 4; width *= 2) {
            g_autoptr(GByteArray) octets = hidden(chance, 30, width, piece % 2 == 0);
            g_autoptr(GString) lines = g_string_new(NULL);

            for (gsize at = 0; at < octets->len; at += piece) {
                g_autofree char *text =
                    g_base64_encode(octets->data + at, MIN(piece, octets->len - at));

                g_string_append(lines, text);
                g_string_append(lines, piece % 3 == 0 ? "" : "\r\n");
            }
            assert_could("Content-Transfer-Encoding: base64\n", lines->str);
        }
}

static void
quoted_printable(void)
{
    static const char *const forms[] = {
        "<span id=3D\"fileName\">",
        "<span id=3D\"fil=\neName\">",
        "<span id=3D\"fil= \t\r\neName\">",
        "<span id=3D\"fileNam=\ne=22>",
        "<span id=3DfileNam=\ne class=3Da>",
        "<span id=3DfileNam=\r\ne abc>",
        "<span id=3D\"f=69=6c=65=4e=61=6D=65\">",
        "<span id=3D\"=66=69=6c=65=4e=61=6D=65\">",
        "<span id=3D\"=66=69=6c=\n=65=4e=61=\r\n=6D=65\">",
        "<span id=3D=66ile=4Eame>",
        "<span id=AfileName>",
        "f=00i=00l=00e=00N=00a=00m=00e=00",
        "=00f=00i=00l=00e=00N=00a=00m=00e",
        "=66=00=00=00=69=00=00=00=6C=00=00=00e=00=00=00N=00=00=00a=00=00=00m=00=00=00e",
        "===fileName",
        "file=\n=\n=\nName",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
        assert_could("Content-Transfer-Encoding: quoted-printable\n", forms[i]);
}

/* Lines that something on the way has broken in two. */
static void
broken_lines(void)
{
    for (gsize at = 1; at < strlen("fileName"); at++) {
        g_autofree char *broken =
            g_strdup_printf("<span id=\"%.*s\r\n %s\">", (int)at, "fileName", &"fileName"[at]);

        assert_could("Content-Type: text/html\n", broken);
    }
}

static void
utf16_as_it_is(void)
{
    g_autoptr(GRand) chance = g_rand_new_with_seed(3);

    for (gsize width = 1; width <= 4; width *= 2) {
        g_autoptr(GByteArray) octets = hidden(chance, 20, width, width == 2);

        g_assert_true(sm_scan_could_announce((const char *)octets->data, octets->len));
    }
}

static void
what_a_header_may_hide(void)
{
    static const char *const heads[] = {
        "Content-Type: text/html; charset=utf-7\n",
        "Content-Type: text/html; charset=\"UTF-16\"\n",
        "content-type: text/html;\n\tcharset = iso-2022-jp\n",
        "CONTENT-TYPE: text/html; charset*=us-ascii''utf%2D7\n",
        "Content-Type: text/html; charset*0=utf; charset*1=-7\n",
        "Content-Type: text/html; charset=utf-8; charset=cp037\n",
        "Content-Type: text/html; charset=\"=?us-ascii?Q?utf-7?=\"\n",
        "Content-Type: text/html; charset=ut\\f-7\n",
        "Content-Type: text/html; charset=(x)utf-7\n",
        "Content-Type: =?us-ascii?Q?message/rfc822?=\n",
        "Content-Type: message/rfc822\n",
        "Content-Type:\r\n message/global\r\n",
        "Content-Type: multipart/digest; boundary=b\n",
        "X: y\rContent-Type: text/html; charset=utf-7\r\r",
        "\357\273\277Content-Type: text/html; charset=utf-7\n",
        "From x\nContent-Type : text/html; charset=utf-7\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++)
        assert_could(heads[i], "<p>nothing</p>\n");
    assert_could("Content-Type: text/html\n", "begin 644 x.html\n#86)C\n`\nend\n");
    assert_could("\320\317\021\340\241\261\032\341", "");
}

static void
ordinary_mail_announces_nothing(void)
{
    g_autoptr(GRand) chance = g_rand_new_with_seed(4);
    g_autoptr(GByteArray) octets = g_byte_array_new();
    g_autofree char *lines = NULL;

    assert_could_not("Content-Type: text/plain; charset=utf-8\n",
                     "Good morning,\n\nwe begin now = later.\n");
    assert_could_not("Content-Type: text/html; charset=\"iso-8859-1\"; format=flowed\n",
                     "<p id=3D\"file\">name =\nfile filename FileName =3D=\n</p>\n");
    assert_could_not("Content-Type: multipart/mixed; boundary=\"=_x\"\n",
                     "--=_x\nContent-Type: text/html;\n charset=us-ascii\n\n<b>x</b>\n--=_x--\n");
    for (gsize i = 0; i < 2000000; i++) {
        guint8 octet = (guint8)g_rand_int_range(chance, 0, 256);

        g_byte_array_append(octets, &octet, 1);
    }
    lines = in_lines(octets, 76, "\n");
    assert_could_not("Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n", lines);
}

/* What a stranger may send to keep it busy: it would take hours if time grew with the square. */
static void
time_grows_with_length_alone(void)
{
    static const char *const pieces[] = {
        "=",    "= ",      "=<",         "=Z",        "=f",        "f=",
        "=00",  "f=00",    "=AAAA",      "e",         "e ",        "m=ZQ",
        "=ZQ",  "file=",   "\n",         "\r",        "c",         "Content-Type\n",
        "=6",   "=66",     "=66=69",     "f \n=",     "fileNam",   "=\n",
        "mAAA", "bQ==",    "ZmlsZU5hb=", "charset=x", "begin\n c", "AAAA",
        "=A",   "f=AAAA=", "\303",
    };
    g_autoptr(GTimer) timer = g_timer_new();

    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) message = g_string_new(NULL);

        while (message->len < 2000000)
            g_string_append(message, pieces[i]);
        could(message);
    }
    g_assert_cmpfloat(g_timer_elapsed(timer, NULL), <, 300);
}

static void
nothing_is_nothing(void)
{
    g_assert_false(sm_scan_could_announce("", 0));
    for (gsize length = 0; length < strlen("fileName"); length++)
        g_assert_false(sm_scan_could_announce("fileName", length));
    g_assert_true(sm_scan_could_announce("fileName", strlen("fileName")));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/base64", base64_at_any_place_in_lines_of_any_length);
    g_test_add_func("/scan/base64/padded-pieces", base64_in_padded_pieces);
    g_test_add_func("/scan/quoted-printable", quoted_printable);
    g_test_add_func("/scan/broken-lines", broken_lines);
    g_test_add_func("/scan/utf16", utf16_as_it_is);
    g_test_add_func("/scan/headers", what_a_header_may_hide);
    g_test_add_func("/scan/ordinary", ordinary_mail_announces_nothing);
    g_test_add_func("/scan/hostile", time_grows_with_length_alone);
    g_test_add_func("/scan/nothing", nothing_is_nothing);
    return g_test_run();
}
