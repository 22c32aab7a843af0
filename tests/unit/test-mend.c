/* What mailboxes, files and broken programs make of a message, and the message again. */
#include <string.h>

#include "filter/message/mend.h"

typedef struct {
    const char *name;
    const char *raw;
    const char *message;
    gboolean copied;
} Case;

static const Case cases[] = {
    {"a well-formed message stays where it is", "A: b\n\n<p>", "A: b\n\n<p>", FALSE},
    {"so does one with CRLF", "A: b\r\n\r\n<p>\r\r", "A: b\r\n\r\n<p>\r\r", FALSE},
    {"so does a header alone", "A: b\nC: d", "A: b\nC: d", FALSE},
    {"nothing stays nothing", "", "", FALSE},
    {"a From line", "From x Tue\nA: b\n\n", "A: b\n\n", FALSE},
    {"From lines, blank lines and CRLF", "From x\r\n\r\n>From y\nA: b\n\n", "A: b\n\n", FALSE},
    {"a byte order mark", "\357\273\277A: b\n\n", "A: b\n\n", FALSE},
    {"a From field is no From line", "From: x\n\n", "From: x\n\n", FALSE},
    {"lines that end in CR", "From x\rA: b\r\rc\rd", "A: b\n\nc\nd", TRUE},
    {"lines that end in CR CR LF", "A: b\r\r\n\r\r\nc\r\r\n", "A: b\n\nc\n", TRUE},
    {"HTML right behind the header", "A: b\n<p x>\nc\n\nd", "A: b\n\n<p x>\nc\n\nd", TRUE},
    {"a doctype right behind the header", "A: b\n<!DOCTYPE html>", "A: b\n\n<!DOCTYPE html>", TRUE},
    {"an address is no HTML", "A:\n<b@c>\nD:\n<p.q>\n\n<p>", "A:\n<b@c>\nD:\n<p.q>\n\n<p>", FALSE},
    {"an address, then HTML", "A:\n<b@c>\n<p>", "A:\n<b@c>\n\n<p>", TRUE},
    {"half a tag is none", "A: b\n<p", "A: b\n<p", FALSE},
    {"a boundary right behind the header", "A: b\n--c\nD: e\n\n", "A: b\n\n--c\nD: e\n\n", TRUE},
    {"any text, where no blank line is", "A: b\n c\nD : e\nf\ng", "A: b\n c\nD : e\n\nf\ng", TRUE},
    {"a number of bytes", "1234   \nA: b\n\n", "A: b\n\n", FALSE},
    {"a number and more is a header's", "1234: 5\nA: b\n\n", "1234: 5\nA: b\n\n", FALSE},
    {"a continuation of nothing", " c\n\td\nA: b\n\n", "A: b\n\n", FALSE},
};

static void
check_case(gconstpointer data)
{
    const Case *test = data;
    g_autoptr(GString) copy = NULL;
    SmOctets message = sm_mend(test->raw, strlen(test->raw), &copy);

    g_assert_cmpmem(message.data, message.length, test->message, strlen(test->message));
    g_assert_true((copy != NULL) == test->copied);
}

static void
check_header(void)
{
    static const char *const messages[][2] = {
        {"A: b\n\nc\n\n", "A: b\n"},        {"A: b\r\n\r\nc\n\n", "A: b\r\n"},
        {"A: b\n\nc\n\r\n", "A: b\n"},      {"A: b\nC: d", "A: b\nC: d"},
        {"A: b\n\r\r\n\n", "A: b\n\r\r\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(messages); i++) {
        SmOctets header = sm_mend_header((SmOctets){messages[i][0], strlen(messages[i][0])});

        g_assert_cmpmem(header.data, header.length, messages[i][1], strlen(messages[i][1]));
    }
}

static void
check_doubt(void)
{
    static const struct {
        const char *octets;
        gsize length;
        gboolean doubtful;
    } messages[] = {
        {"A: b\n\n\0", 7, FALSE},       {"A: b\0c\n\n", 8, TRUE},      {"A: b\r\rc", 7, TRUE},
        {"A: b\r\n\r\nc\0", 10, FALSE}, {"A: b\rC: d\n\n", 11, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(messages); i++)
        g_assert_cmpint(sm_mend_is_doubtful(messages[i].octets, messages[i].length), ==,
                        messages[i].doubtful);
}

static void
check_parts(void)
{
    static const char *const messages[][2] = {
        {"A: b\n\n--c\nD: e\n\nf\n--c--\n", NULL},
        {"A: b\nf\n\n--c\n\nf\ng\n--c\nD: e\r\n\r\nf\n", NULL},
        {"--c\nD: e\n f\nG: h\n<p>\n--c\nD: e\nPGh0\nPHA+\n\n--c--\n",
         "--c\nD: e\n f\nG: h\n\n<p>\n--c\nD: e\n\nPGh0\nPHA+\n\n--c--\n"},
        {"--c\r\nD: e\r\n<!DOCTYPE html>\r\n<p>\r\n--c--\r\n",
         "--c\r\nD: e\r\n\n<!DOCTYPE html>\r\n<p>\r\n--c--\r\n"},
        {"--c\nD: e\n--f\nG: h\n<p>\n", "--c\nD: e\n--f\nG: h\n\n<p>\n"},
        {"--c\nD: e\n\nF: g\n<p>\n\nF: g\nh\n", "--c\nD: e\n\nF: g\n\n<p>\n\nF: g\nh\n"},
        {"", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autoptr(GString) text = sm_mend_parts((SmOctets){messages[i][0], strlen(messages[i][0])});

        g_assert_cmpstr(text != NULL ? text->str : NULL, ==, messages[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/mend/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check_case);
    }
    g_test_add_func("/mend/a header ends at the first blank line", check_header);
    g_test_add_func("/mend/the header of a part ends where its text begins", check_parts);
    g_test_add_func("/mend/a NUL makes a header doubtful", check_doubt);
    return g_test_run();
}
