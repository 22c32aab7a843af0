#include "emulator/s3/etag.h"

#include <string.h>

#define ENCRYPTION "x-amz-server-side-encryption"
#define KEY "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

static const struct {
    const char *word;
    const char *headers[5]; /* name, value, ... */
} forms[] = {
    [SM_ETAG_MD5] = {"md5", {ENCRYPTION, "AES256"}},
    [SM_ETAG_MULTIPART] = {"multipart", {ENCRYPTION, "AES256"}},
    [SM_ETAG_KMS] = {"kms", {ENCRYPTION, "aws:kms", ENCRYPTION "-aws-kms-key-id", KEY}},
    [SM_ETAG_DSSE] = {"dsse", {ENCRYPTION, "aws:kms:dsse", ENCRYPTION "-aws-kms-key-id", KEY}},
    [SM_ETAG_CUSTOMER] = {"customer",
                          {ENCRYPTION "-customer-algorithm", "AES256",
                           ENCRYPTION "-customer-key-MD5", "rBFLlGl+cKKrwEREREREuA=="}},
    [SM_ETAG_OPAQUE] = {"opaque", {NULL}},
};

gboolean
sm_etag_parse(const char *word, SmEtagForm *form)
{
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
        if (strcmp(forms[i].word, word) == 0) {
            *form = (SmEtagForm)i;
            return TRUE;
        }
    return FALSE;
}

char *
sm_etag_make(SmEtagForm form, const SmFile *file)
{
    g_autofree char *seed = g_strdup_printf("%s %" G_GINT64_FORMAT, file->md5, file->modified);
    g_autofree char *other = g_compute_checksum_for_string(G_CHECKSUM_SHA256, seed, -1);

    switch (form) {
    case SM_ETAG_MD5:
        return g_strdup_printf("\"%s\"", file->md5);
    case SM_ETAG_MULTIPART:
        return g_strdup_printf("\"%s-2\"", file->md5);
    case SM_ETAG_OPAQUE:
        return g_strdup_printf("\"0x%.15s\"", other);
    case SM_ETAG_KMS:
    case SM_ETAG_DSSE:
    case SM_ETAG_CUSTOMER:
        break;
    }
    return g_strdup_printf("\"%.32s\"", other);
}

void
sm_etag_add_headers(SmEtagForm form, SmAnswer *answer)
{
    const char *const *headers = forms[form].headers;

    for (gsize i = 0; headers[i] != NULL; i += 2)
        sm_answer_set_header(answer, headers[i], headers[i + 1]);
}
