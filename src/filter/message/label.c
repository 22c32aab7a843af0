#include "filter/message/label.h"

#include <string.h>

gboolean
sm_label_is_word(const char *label)
{
    gsize length = strlen(label);

    return length > 0 && length <= 64 &&
           strspn(label, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.:+()") == length;
}

gboolean
sm_label_is_utf8(const char *label)
{
    static const char *const labels[] = {"utf-8",    "utf8",  "utf_8",
                                         "us-ascii", "ascii", "ansi_x3.4-1968"};

    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++)
        if (g_ascii_strcasecmp(label, labels[i]) == 0)
            return TRUE;
    return FALSE;
}

gboolean
sm_label_keeps_ascii(const char *label)
{
    static const char *const families[] = {
        "iso-8859-", "iso8859-", "windows-", "cp125", "koi8", "big5",  "gb2312",  "gbk",
        "gb18030",   "euc-",     "euckr",    "ks_c",  "sjis", "shift", "tis-620",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
        if (g_ascii_strncasecmp(label, families[i], strlen(families[i])) == 0)
            return TRUE;
    return sm_label_is_utf8(label);
}
