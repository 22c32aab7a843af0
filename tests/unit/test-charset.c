/* Character sets: which one is meant, and what its octets say. */
#include <string.h>

#include <gmime/gmime.h>

#include "filter/message/charset.h"
#include "filter/message/label.h"

typedef struct {
    const char *label;
    const char *data;
    gsize length;
    const char *charset; /* NULL: UTF-8 */
} Choice;

static const Choice choices[] = {
    {NULL, "<p>", 3, NULL},
    {"utf-8", "<p>", 3, NULL},
    {"UTF8", "<p>", 3, NULL},
    {"US-ASCII", "<p>", 3, "CP1252"},
    {"iso-8859-1", "<p>", 3, "CP1252"},
    {"Latin1", "<p>", 3, "CP1252"},
    {"gb2312", "<p>", 3, "GB18030"},
    {"ks_c_5601-1987", "<p>", 3, "CP949"},
    {"shift_jis", "<p>", 3, "CP932"},
    {"tis-620", "<p>", 3, "CP874"},
    {"unicode-1-1-utf-8", "<p>", 3, NULL},
    {"", "<p>", 3, NULL},
    {"../../etc/passwd", "<p>", 3, NULL},
    {"utf-8//TRANSLIT", "<p>", 3, NULL},
    {"'koi8-r'", "<p>", 3, "koi8-r"},
    {" koi8-r ", "<p>", 3, "koi8-r"},
    {"no-such-set", "<p>", 3, "no-such-set"},
    {"utf-16le", "<\0p\0", 4, "utf-16le"},
    {"utf-16", "<\0p\0", 4, "UTF-16LE"},
    {"utf-16", "\0<\0p", 4, "UTF-16BE"},
    {"utf-8", "\377\376<\0", 4, "UTF-16LE"},
    {"iso-8859-1", "\376\377\0<", 4, "UTF-16BE"},
    {NULL, "\377\376\0\0<\0\0\0", 8, "UTF-32LE"},
    {NULL, "\0\0\376\377\0\0\0<", 8, "UTF-32BE"},
    {"koi8-r", "\357\273\277<", 4, NULL},
};

static void
check_choice(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(choices); i++) {
        const Choice *test = &choices[i];
        g_autofree char *charset = sm_charset_for(test->label, test->data, test->length);

        g_test_message("label %s", test->label != NULL ? test->label : "(none)");
        g_assert_true((charset == NULL) == (test->charset == NULL));
        if (charset != NULL)
            g_assert_cmpint(g_ascii_strcasecmp(charset, test->charset), ==, 0);
    }
}

typedef struct {
    const char *charset;
    const char *data;
    gsize length;
    const char *text;
} Conversion;

static const Conversion conversions[] = {
    {"ISO-8859-1", "a\240\351", 3, "a\302\240\303\251"},
    {"KOI8-R", "\301\302", 2, "\320\260\320\261"},
    {"UTF-16LE", "a\0\351\0", 4, "a\303\251"},
    {"UTF-16BE", "\0a\0\351", 4, "a\303\251"},
    {"UTF-16LE", "\0\330a\0", 4, "\357\277\275a"},               /* half a pair */
    {"UTF-16LE", "a\0b", 3, "a\357\277\275"},                    /* half a character */
    {"UTF-7", "+ADw-p+AD4-", 11, "<p>"},                         /* "<" and ">" hidden */
    {"EUC-JP", "\244\242\377a", 4, "\343\201\202\357\277\275a"}, /* an octet that is none of it */
    {"GB18030", "\201", 1, "\357\277\275"},                      /* cut off */
    {"CP037", "\114\227\156", 3, "<p>"},                         /* EBCDIC */
};

static void
check_conversion(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(conversions); i++) {
        const Conversion *test = &conversions[i];
        g_autoptr(SmCharsets) charsets = sm_charsets_new();
        g_autoptr(GString) text = NULL;

        g_test_message("%s, case %zu", test->charset, i);
        sm_charsets_open(charsets, test->charset);
        text = sm_charsets_convert(charsets, test->charset, test->data, test->length, 100);
        g_assert_nonnull(text);
        g_assert_cmpstr(text->str, ==, test->text);
    }
}

static void
check_missing(void)
{
    g_autoptr(SmCharsets) charsets = sm_charsets_new();

    sm_charsets_open(charsets, "no-such-set");
    g_assert_null(sm_charsets_convert(charsets, "no-such-set", "a", 1, 100));
    g_assert_null(sm_charsets_missing(charsets)); /* nobody can open it */
    g_assert_null(sm_charsets_convert(charsets, "koi8-r", "a", 1, 100));
    g_assert_null(sm_charsets_convert(charsets, "big5", "a", 1, 100));
    g_assert_cmpstr(sm_charsets_missing(charsets), ==, "koi8-r");
}

static void
check_maximum(void)
{
    g_autoptr(SmCharsets) charsets = sm_charsets_new();

    for (int i = 0; i < SM_CHARSETS_MAX; i++)
        sm_charsets_open(charsets, "koi8-r");
    g_assert_null(sm_charsets_convert(charsets, "big5", "a", 1, 100));
    g_assert_null(sm_charsets_missing(charsets));
}

static void
check_ascii(void)
{
    g_assert_true(sm_label_keeps_ascii("iso-8859-15"));
    g_assert_true(sm_label_keeps_ascii("Windows-1252"));
    g_assert_true(sm_label_keeps_ascii("L1"));
    g_assert_true(sm_label_keeps_ascii("cp949"));
    g_assert_false(sm_label_keeps_ascii("ISO-2022-JP")); /* escapes may stand in a word */
    g_assert_false(sm_label_keeps_ascii("utf-16"));
    g_assert_false(sm_label_keeps_ascii("utf-7"));
    g_assert_false(sm_label_keeps_ascii("cp037"));
    g_assert_false(sm_label_keeps_ascii("no-such-set"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_mime_init();
    g_test_add_func("/charset/a byte order mark goes before the label", check_choice);
    g_test_add_func("/charset/what cannot be converted is marked, not dropped", check_conversion);
    g_test_add_func("/charset/a converter that is not open is asked for", check_missing);
    g_test_add_func("/charset/no more than four are asked for", check_maximum);
    g_test_add_func("/charset/which ones keep ASCII", check_ascii);
    return g_test_run();
}
