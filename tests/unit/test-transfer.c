/* Content-Transfer-Encoding as senders really write it. */
#include <string.h>

#include "filter/message/transfer.h"

typedef struct {
    const char *name;
    const char *encoding;
    const char *data;
    const char *octets; /* NULL: the octets are the data */
} Case;

static const Case cases[] = {
    {"7bit leaves the octets alone", "7bit", "a=3D", NULL},

    {"base64", "base64", "aGVsbG8=", "hello"},
    {"the case of the word does not matter", "BASE64", "aGVsbG8=", "hello"},
    {"blanks around the word do not matter", " \tbase64 \r\n", "aGVsbG8=", "hello"},
    {"a comment behind the word does not matter", "base64 (as ever)", "aGVsbG8=", "hello"},
    {"a parameter behind the word does not matter", "base64; x=y", "aGVsbG8=", "hello"},
    {"quotes around the word do not matter", "\"base64\"", "aGVsbG8=", "hello"},
    {"base64 without padding", "base64", "aGVsbG8", "hello"},
    {"base64 with too much padding", "base64", "aGVsbG8====", "hello"},
    {"base64 in odd lines", "base64", "a\nGV\r\n\r\nsb\n\tG8=\n", "hello"},
    {"base64 with foreign characters", "base64", "aG*Vs_bG-8=", "hello"},
    {"base64 padded in the middle", "base64", "aGU=\nbGxv\n", "hello"},
    {"base64 padded line by line", "base64", "aA==\nZQ==\nbA==\nbG8=\n", "hello"},
    {"base64 cut off in a group", "base64", "aGVsb", "hel"},
    {"base64 of nothing", "base64", "", ""},
    {"base64 of URLs", "base64url", "Pj4-Pz8_w78=", ">>>???\303\277"},
    {"base64 of URLs with the other two digits, too", "base64url", "Pj4+Pz8/", ">>>???"},
    {"a word of two", "quoted printable", "a=3Db", "a=b"},
    {"a word with an X before it", "X-Base-64", "aGVsbG8=", "hello"},
    {"a word with a comment inside", "quoted (sic; sic) - printable; x", "a=3Db", "a=b"},

    {"quoted-printable", "quoted-printable", "a=3Db", "a=b"},
    {"quoted-printable in lower case", "quoted-printable", "a=3db=c3=a9", "a=b\303\251"},
    {"a soft break with LF", "quoted-printable", "<sp=\nan>", "<span>"},
    {"a soft break with CRLF", "quoted-printable", "<sp=\r\nan>", "<span>"},
    {"a soft break with blanks before the line's end", "quoted-printable", "<sp= \t\r\nan>",
     "<span>"},
    {"a soft break at the end", "quoted-printable", "<span>=", "<span>"},
    {"a soft break with blanks at the end", "quoted-printable", "<span>=  ", "<span>"},
    {"a soft break cut off in its CRLF", "quoted-printable", "<span>=\r", "<span>"},
    {"an equals sign that means itself", "quoted-printable", "id=\"x\" a=zz =4",
     "id=\"x\" a=zz =4"},
    {"an equals sign before a blank in a line", "quoted-printable", "a= b", "a= b"},
    {"hard breaks stay", "quoted-printable", "a\r\nb\nc", "a\r\nb\nc"},

    {"uuencode", "x-uuencode", "begin 644 x\n%:&5L;&\\ \n`\nend\n", "hello"},
    {"uuencode with CRLF and lost blanks", "x-uue", "begin 644 x\r\n%:&5L;&\\\r\n \r\nend\r\n",
     "hello"},
    {"uuencode in several lines, behind text", "uuencode",
     "see:\n\nbegin 644 x\n#:&5L\n\";&\\ \n`\nend\nmore", "hello"},
    {"uuencode that begins nowhere", "uuencode", "#:&5L\n", ""},
};

static void
check_case(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(GByteArray) octets =
        sm_transfer_decode(sm_transfer_of(test->encoding), test->data, strlen(test->data), 1000);

    if (test->octets == NULL) {
        g_assert_null(octets);
        return;
    }
    g_assert_nonnull(octets);
    g_assert_cmpmem(octets->data, octets->len, test->octets, strlen(test->octets));
}

/* No header, an unknown one, or one of two, tells nothing: all is tried, the octets as they are
 * first. */
static void
check_unknown(void)
{
    static const char *const labels[] = {NULL, "", "x-rot13", "7bit base64", "base64-ish"};

    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++) {
        SmTransfer label = sm_transfer_of(labels[i]);

        g_assert_cmpint(sm_transfer_guess(label, 0), ==, SM_TRANSFER_PLAIN);
        for (guint number = 1; number < SM_TRANSFER_N; number++)
            g_assert_cmpint(sm_transfer_guess(label, number), ==, number);
        g_assert_cmpint(sm_transfer_guess(label, SM_TRANSFER_N), ==, SM_TRANSFER_N);
    }
}

/* Each other encoding once, behind the one that the label names; a plain text is believed. */
static void
check_guesses(void)
{
    guint seen = 0;

    g_assert_cmpint(sm_transfer_guess(SM_TRANSFER_PLAIN, 0), ==, SM_TRANSFER_PLAIN);
    g_assert_cmpint(sm_transfer_guess(SM_TRANSFER_PLAIN, 1), ==, SM_TRANSFER_N);
    g_assert_cmpint(sm_transfer_guess(SM_TRANSFER_BASE64, 0), ==, SM_TRANSFER_BASE64);
    for (guint number = 0; number < SM_TRANSFER_N; number++)
        seen |= 1U << sm_transfer_guess(SM_TRANSFER_BASE64, number);
    g_assert_cmpuint(seen, ==, (1U << SM_TRANSFER_N) - 1);
    g_assert_cmpint(sm_transfer_guess(SM_TRANSFER_BASE64, SM_TRANSFER_N), ==, SM_TRANSFER_N);
}

static void
check_limit(void)
{
    static const char *const encodings[] = {"base64", "quoted-printable", "uuencode"};
    g_autofree char *data = g_strnfill(100, 'A');

    for (gsize i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autoptr(GByteArray) octets =
            sm_transfer_decode(sm_transfer_of(encodings[i]), data, 100, 7);

        g_assert_cmpuint(octets->len, <=, 7);
    }
}

static void
check_nothing(void)
{
    static const char text[] = "begin 644 x\n%:&5L;&\\ \n`\nend\n";
    static const char *const encodings[] = {"base64", "quoted-printable", "uuencode"};

    for (gsize i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autoptr(GByteArray) of_nothing =
            sm_transfer_decode(sm_transfer_of(encodings[i]), "", 0, 1000);
        g_autoptr(GByteArray) no_room =
            sm_transfer_decode(sm_transfer_of(encodings[i]), text, strlen(text), 0);

        g_assert_cmpuint(of_nothing->len, ==, 0);
        g_assert_cmpuint(no_room->len, ==, 0);
        g_assert_nonnull(of_nothing->data);
        g_assert_nonnull(no_room->data);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/transfer/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/transfer/an unknown word leaves all open", check_unknown);
    g_test_add_func("/transfer/a wrong word leaves the others open", check_guesses);
    g_test_add_func("/transfer/nothing, or room for nothing, gives nothing", check_nothing);
    g_test_add_func("/transfer/no more is decoded than asked for", check_limit);
    return g_test_run();
}
