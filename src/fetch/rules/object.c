#include "fetch/rules/object.h"

#include <string.h>

#include "common/base/text.h"
#include "common/event/name.h"

enum { CODING_MAX = 40 /* bytes shown */ };

#define HEX_DIGITS "0123456789abcdefABCDEF"
#define CHARSET_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.:"

gboolean
sm_etag_is_strong(const char *etag)
{
    return etag != NULL && *etag == '"';
}

gboolean
sm_etag_md5(const char *etag, char **md5)
{
    if (etag == NULL || strlen(etag) != 34 || etag[0] != '"' || etag[33] != '"' ||
        strspn(etag + 1, HEX_DIGITS) != 32)
        return FALSE;
    if (md5 != NULL)
        *md5 = g_ascii_strdown(etag + 1, 32);
    return TRUE;
}

SmEtagKind
sm_etag_kind(const char *etag, const char *encryption, const char *customer)
{
    if (!sm_etag_md5(etag, NULL) || customer != NULL)
        return SM_ETAG_OPAQUE;
    if (encryption == NULL || *encryption == '\0')
        return SM_ETAG_PERHAPS;
    return g_ascii_strcasecmp(encryption, "AES256") == 0 ? SM_ETAG_MD5 : SM_ETAG_OPAQUE;
}

/* Whether word is what some uploader has put there, without any coding of the bytes. */
static gboolean
encodes_nothing(const char *word)
{
    static const char *const words[] = {"",     "identity", "aws-chunked", "binary", "none",
                                        "null", "7bit",     "8bit",        "utf8",   NULL};
    g_autofree char *lower = g_ascii_strdown(word, -1);
    GIConv charset;

    if (g_strv_contains(words, lower))
        return TRUE;
    if (word[strspn(word, CHARSET_CHARACTERS)] != '\0')
        return FALSE;
    charset = g_iconv_open("UTF-8", word);
    if (charset == (GIConv)-1)
        return FALSE;
    g_iconv_close(charset);
    return TRUE;
}

char *
sm_object_coding(const char *content_encoding)
{
    g_auto(GStrv) words = g_strsplit(content_encoding != NULL ? content_encoding : "", ",", -1);

    for (char **word = words; *word != NULL; word++)
        if (!encodes_nothing(g_strstrip(*word)))
            return sm_text_clean(*word, CODING_MAX);
    return NULL;
}

gboolean
sm_object_length_is_sound(const char *content_length)
{
    g_auto(GStrv) words = g_strsplit(content_length != NULL ? content_length : "", ",", -1);

    for (char **word = words; *word != NULL; word++) {
        g_strstrip(*word);
        if (**word == '\0' || (*word)[strspn(*word, "0123456789")] != '\0' ||
            strcmp(*word, words[0]) != 0)
            return FALSE;
    }
    return words[0] != NULL;
}

const char *
sm_object_mistake(int first_byte, const char *name)
{
    static const char *const pages[] = {"htm", "html", "xml", NULL};
    g_autofree char *extension = g_ascii_strdown(sm_name_extension(name), -1);

    if (first_byte == '<' && !g_strv_contains(pages, extension))
        return "begins with '<': an error page, not a score file";
    if (first_byte == '{' && strcmp(extension, "json") != 0)
        return "begins with '{': an error in JSON, not a score file";
    return NULL;
}

gboolean
sm_object_is_framed(const char *bytes, gsize length)
{
    static const char signature[] = ";chunk-signature=";
    gsize digits = 0;

    while (digits < length && g_ascii_isxdigit(bytes[digits]))
        digits++;
    if (digits == 0)
        return FALSE;
    bytes += digits;
    length -= digits;
    return (length >= strlen(signature) && memcmp(bytes, signature, strlen(signature)) == 0) ||
           (length >= 2 && memcmp(bytes, "\r\n", 2) == 0);
}
