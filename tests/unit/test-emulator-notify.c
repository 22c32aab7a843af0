#include <glib.h>
#include <string.h>

#include "emulator/service/notification.h"

static void
test_quoted_printable(void)
{
    static const struct {
        const char *text, *encoded;
    } cases[] = {
        {"plain\n", "plain\n"},
        {"a=b\n", "a=3Db\n"},
        {"caf\xc3\xa9", "caf=C3=A9"},
        {"blank \nend ", "blank=20\nend=20"},
        {"tab\tinside\n", "tab\tinside\n"},
        {"\r\n", "=0D\n"},
        {"", ""},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *encoded = sm_quoted_printable(cases[i].text);

        g_assert_cmpstr(encoded, ==, cases[i].encoded);
    }
}

static void
test_long_lines(void)
{
    g_autofree char *text = g_strnfill(500, '=');
    g_autofree char *encoded = sm_quoted_printable(text);
    g_auto(GStrv) lines = g_strsplit(encoded, "\n", -1);
    gsize signs = 0;

    for (gsize i = 0; lines[i] != NULL; i++) {
        g_assert_cmpuint(strlen(lines[i]), <=, 76);
        g_assert_cmpint(lines[i + 1] != NULL, ==, g_str_has_suffix(lines[i], "="));
        signs += strlen(lines[i]) / 3;
    }
    g_assert_cmpuint(signs, ==, 500);
}

static void
test_message(void)
{
    const SmNotification notification = {"4300_20180410_111604.csv", "to@school.example",
                                         "from@scores.example", "id@x.example",
                                         "Tue, 10 Apr 2018 11:16:04 -0400"};
    g_autofree char *text = sm_notification_text(&notification);

    g_assert_nonnull(strstr(text, "<span id=3D\"fileName\"> 4300_20180410_111604.csv </span>"));
    g_assert_nonnull(strstr(text, "\nMessage-ID: <id@x.example>\n"));
    g_assert_nonnull(strstr(text, "\tfor <to@school.example>; Tue, 10 Apr 2018 11:16:04 -0400\n"));
    g_assert_null(strchr(text, '\r'));
    for (const char *c = text; *c != '\0'; c++)
        g_assert_true(g_ascii_isprint(*c) || *c == '\n' || *c == '\t');
}

/* What each form has, decoded where it is in base64, and what it has not. */
static void
test_forms(void)
{
    static const struct {
        const char *word, *has, *has_not;
    } cases[] = {
        {"portal", "<span id=3D\"fileName\"> a_b.csv </span>", "Subject: Fw:"},
        {"single-quotes", "<span id=3D'fileName'> a_b.csv </span>", "id=3D\"fileName\""},
        {"base64", "Content-Transfer-Encoding: base64", "a_b.csv"},
        {"forwarded", "<span id=3D\"x_fileName\">a_b.csv</span>", "Auto-Submitted"},
        {"outlook", "\nid=3DfileName>a_b.csv</span>", "Auto-Submitted"},
        {"plain", "\ndownload: a_b.csv\n", "text/html"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        SmNotification notification = {"a_b.csv", "t@x", "f@x", "i@x", "d", SM_FORM_PORTAL};
        g_autofree char *text = NULL;

        g_test_message("%s", cases[i].word);
        g_assert_true(sm_form_parse(cases[i].word, &notification.form));
        text = sm_notification_text(&notification);
        g_assert_nonnull(strstr(text, cases[i].has));
        g_assert_null(strstr(text, cases[i].has_not));
    }
}

static void
test_message_id_in_brackets(void)
{
    const SmNotification notification = {"a.csv", "t", "f", "<id@x>", "d"};
    g_autofree char *text = sm_notification_text(&notification);

    g_assert_nonnull(strstr(text, "\nMessage-ID: <id@x>\n"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notify/encodes quoted-printable", test_quoted_printable);
    g_test_add_func("/notify/breaks long lines softly", test_long_lines);
    g_test_add_func("/notify/has the span, the headers and nothing but ASCII", test_message);
    g_test_add_func("/notify/has several forms", test_forms);
    g_test_add_func("/notify/takes a Message-ID with brackets, too", test_message_id_in_brackets);
    return g_test_run();
}
