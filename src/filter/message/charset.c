#include "filter/message/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "filter/message/gmime-auto.h"
#include "filter/message/label.h"

#define REPLACEMENT "\357\277\275" /* U+FFFD */

enum { ORDER_SAMPLE = 1024 }; /* octets that the byte order is guessed from */

struct SmCharsets {
    struct {
        char *name;
        iconv_t converter; /* (iconv_t)-1: iconv has none */
    } open[SM_CHARSETS_MAX];
    guint count;
    char *missing;
};

SmCharsets *
sm_charsets_new(void)
{
    return g_new0(SmCharsets, 1);
}

void
sm_charsets_free(SmCharsets *charsets)
{
    if (charsets == NULL)
        return;
    for (guint i = 0; i < charsets->count; i++) {
        g_free(charsets->open[i].name);
        if (charsets->open[i].converter != (iconv_t)-1)
            iconv_close(charsets->open[i].converter);
    }
    g_free(charsets->missing);
    g_free(charsets);
}

void
sm_charsets_open(SmCharsets *charsets, const char *name)
{
    const char *const names[] = {name, g_mime_charset_iconv_name(name)}; /* the label, or GMime's */
    iconv_t *converter;

    if (charsets->count == SM_CHARSETS_MAX)
        return;
    charsets->open[charsets->count].name = g_strdup(name);
    converter = &charsets->open[charsets->count].converter;
    *converter = (iconv_t)-1;
    for (gsize i = 0; i < G_N_ELEMENTS(names) && *converter == (iconv_t)-1; i++)
        if (sm_label_is_word(names[i]))
            *converter = iconv_open("UTF-8", names[i]);
    charsets->count++;
}

static const char *
charset_of_mark(const char *data, gsize length)
{
    static const struct {
        const char *name;
        const char *mark;
        gsize length;
    } marks[] = {
        {"UTF-8", "\357\273\277", 3},    {"UTF-32LE", "\377\376\0\0", 4},
        {"UTF-32BE", "\0\0\376\377", 4}, {"UTF-16LE", "\377\376", 2},
        {"UTF-16BE", "\376\377", 2},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        if (length >= marks[i].length && memcmp(data, marks[i].mark, marks[i].length) == 0)
            return marks[i].name;
    return NULL;
}

/* The octets of one code unit: what is skipped if it is invalid. */
static gsize
unit_of(const char *name)
{
    if (g_ascii_strncasecmp(name, "utf-16", 6) == 0 || g_ascii_strncasecmp(name, "ucs-2", 5) == 0)
        return 2;
    if (g_ascii_strncasecmp(name, "utf-32", 6) == 0 || g_ascii_strncasecmp(name, "ucs-4", 5) == 0)
        return 4;
    return 1;
}

/*
 * The character sets that hide ASCII have more labels than iconv and GMime
 * know; here without their punctuation. No other label has to be right.
 */
static const char *
wide_name(const char *label)
{
    static const struct {
        const char *label;
        const char *name;
    } labels[] = {
        {"utf16", "UTF-16"},         {"csutf16", "UTF-16"},      {"iso10646ucs2", "UTF-16"},
        {"ucs2", "UTF-16"},          {"unicode", "UTF-16"},      {"csunicode", "UTF-16"},
        {"utf16le", "UTF-16LE"},     {"csutf16le", "UTF-16LE"},  {"ucs2le", "UTF-16LE"},
        {"unicodefeff", "UTF-16LE"}, {"cp1200", "UTF-16LE"},     {"unicodelittle", "UTF-16LE"},
        {"utf16be", "UTF-16BE"},     {"csutf16be", "UTF-16BE"},  {"ucs2be", "UTF-16BE"},
        {"unicodefffe", "UTF-16BE"}, {"cp1201", "UTF-16BE"},     {"unicodebig", "UTF-16BE"},
        {"utf32", "UTF-32"},         {"csutf32", "UTF-32"},      {"iso10646ucs4", "UTF-32"},
        {"ucs4", "UTF-32"},          {"csucs4", "UTF-32"},       {"utf32le", "UTF-32LE"},
        {"csutf32le", "UTF-32LE"},   {"ucs4le", "UTF-32LE"},     {"utf32be", "UTF-32BE"},
        {"csutf32be", "UTF-32BE"},   {"ucs4be", "UTF-32BE"},     {"utf7", "UTF-7"},
        {"csutf7", "UTF-7"},         {"unicode11utf7", "UTF-7"}, {"cp65000", "UTF-7"},
    };
    g_autoptr(GString) bare = g_string_new(NULL);

    for (; *label != '\0'; label++)
        if (g_ascii_isalnum(*label))
            g_string_append_c(bare, g_ascii_tolower(*label));
    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
        if (strcmp(labels[i].label, bare->str) == 0)
            return labels[i].name;
    return NULL;
}

/* UTF-16 and UTF-32 without a mark: HTML is mostly ASCII, so the zeros tell where a unit begins. */
static char *
with_byte_order(const char *name, const char *data, gsize length)
{
    gsize unit = unit_of(name);
    gsize first = 0, last = 0;

    if (strcmp(name, "UTF-16") != 0 && strcmp(name, "UTF-32") != 0)
        return g_strdup(name);
    length = MIN(length, ORDER_SAMPLE);
    for (gsize i = 0; i + unit <= length; i += unit) {
        first += data[i] == '\0';
        last += data[i + unit - 1] == '\0';
    }
    return g_strconcat(name, first > last ? "BE" : "LE", NULL);
}

/* The label alone: no quotes of the wrong kind, no comment behind it. */
static char *
word_of(const char *label)
{
    char *word = g_strdup(label != NULL ? label : "");

    g_strdelimit(word, "'\"", ' ');
    g_strstrip(word);
    word[strcspn(word, " \t\r\n")] = '\0';
    return word;
}

char *
sm_charset_for(const char *label, const char *data, gsize length)
{
    const char *name = charset_of_mark(data, length);
    g_autofree char *word = word_of(label);

    if (name == NULL && sm_label_is_word(word))
        name = wide_name(word);
    if (name == NULL)
        name = sm_label_encoding(word);
    if (!sm_label_is_word(name) || sm_label_is_utf8(name))
        return NULL;
    return with_byte_order(name, data, length);
}

static GString *
convert(iconv_t converter, const char *data, gsize length, gsize unit, gsize max)
{
    GString *text = g_string_sized_new(MIN(length + length / 2, max) + 1);
    char *in = (char *)data;

    iconv(converter, NULL, NULL, NULL, NULL);
    while (length > 0 && text->len < max) {
        char buffer[16 * 1024];
        char *out = buffer;
        gsize room = sizeof buffer;
        gboolean complete = iconv(converter, &in, &length, &out, &room) != (gsize)-1;
        gboolean faulty = !complete && errno != E2BIG;

        g_string_append_len(text, buffer, out - buffer);
        if (faulty) {
            gsize skipped = MIN(unit, length);

            g_string_append(text, REPLACEMENT);
            in += skipped;
            length -= skipped;
        }
    }
    return text;
}

GString *
sm_charsets_convert(SmCharsets *charsets, const char *name, const char *data, gsize length,
                    gsize max)
{
    for (guint i = 0; i < charsets->count; i++) {
        if (g_ascii_strcasecmp(charsets->open[i].name, name) != 0)
            continue;
        if (charsets->open[i].converter == (iconv_t)-1)
            return NULL;
        return convert(charsets->open[i].converter, data, length, unit_of(name), max);
    }
    if (charsets->missing == NULL && charsets->count < SM_CHARSETS_MAX)
        charsets->missing = g_strdup(name);
    return NULL;
}

const char *
sm_charsets_missing(const SmCharsets *charsets)
{
    return charsets->missing;
}
