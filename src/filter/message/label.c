#include "filter/message/label.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

gboolean
sm_label_is_word(const char *label)
{
    gsize length = strlen(label);

    return length > 0 && length < SM_LABEL_SIZE &&
           strspn(label, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.:+()") == length;
}

/* By the WHATWG Encoding Standard, as far as a label is not iconv's own name for what it means. */
static const struct {
    const char *name;
    const char *labels; /* with a blank before and behind each */
} encodings[] = {
    {"UTF-8", " utf-8 utf8 utf_8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 "},
    {"CP1252", " ansi_x3.4-1968 ascii us-ascii iso-8859-1 iso8859-1 iso88591 iso_8859-1 "
               "iso_8859-1:1987 iso-ir-100 latin1 l1 cp819 ibm819 csisolatin1 x-cp1252 "},
    {"CP1254", " iso-8859-9 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 iso-ir-148 latin5 l5 "
               "csisolatin5 x-cp1254 "},
    {"CP874", " iso-8859-11 iso8859-11 iso885911 tis-620 dos-874 windows-874 "},
    {"ISO-8859-8", " iso-8859-8-i csiso88598i csiso88598e iso-8859-8-e logical visual "},
    {"GB18030", " gb2312 gb_2312 gb_2312-80 csgb2312 csiso58gb231280 chinese iso-ir-58 gbk x-gbk "},
    {"CP932", " shift_jis shift-jis sjis x-sjis ms_kanji csshiftjis windows-31j ms932 "},
    {"CP949", " euc-kr cseuckr korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 "
              "iso-ir-149 csksc56011987 "},
    {"BIG5-HKSCS", " big5 big5-hkscs cn-big5 csbig5 x-x-big5 "},
    {"KOI8-R", " koi8-r koi8 koi8_r koi cskoi8r "},
    {"KOI8-U", " koi8-u koi8-ru "},
    {"MACINTOSH", " macintosh mac x-mac-roman csmacintosh "},
};

const char *
sm_label_encoding(const char *label)
{
    char word[SM_LABEL_SIZE + 2];

    if (snprintf(word, sizeof word, " %s ", label) >= (int)sizeof word)
        return label;
    for (gsize i = 0; i < G_N_ELEMENTS(encodings); i++)
        if (strcasestr(encodings[i].labels, word) != NULL)
            return encodings[i].name;
    return label;
}

gboolean
sm_label_is_utf8(const char *label)
{
    return strcmp(sm_label_encoding(label), "UTF-8") == 0;
}

gboolean
sm_label_keeps_ascii(const char *label)
{
    static const char *const families[] = {
        "iso-8859-", "iso8859-", "windows-", "cp125", "koi8", "big5",  "gb2312",  "gbk",
        "gb18030",   "euc-",     "euckr",    "ks_c",  "sjis", "shift", "tis-620",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
        if (strncasecmp(label, families[i], strlen(families[i])) == 0)
            return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(encodings); i++)
        if (strcasecmp(label, encodings[i].name) == 0)
            return TRUE;
    return sm_label_encoding(label) != label;
}
