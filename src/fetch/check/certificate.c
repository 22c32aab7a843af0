#include "fetch/check/certificate.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

#include "common/base/text.h"

enum { ISSUER_MAX = 200 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

static char *
issuer_of(const X509 *certificate)
{
    g_autoptr(BIO) text = BIO_new(BIO_s_mem());
    g_autofree char *raw = NULL;
    char *bytes;
    long length;

    X509_NAME_print_ex(text, X509_get_issuer_name(certificate), 0,
                       XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB);
    length = BIO_get_mem_data(text, &bytes);
    raw = g_strndup(bytes, (gsize)MAX(length, 0));
    return sm_text_clean(raw, ISSUER_MAX);
}

gboolean
sm_certificate_read(const char *pem, char **issuer, gint64 *expires)
{
    g_autoptr(BIO) source = BIO_new_mem_buf(pem, -1);
    g_autoptr(X509) certificate = PEM_read_bio_X509(source, NULL, NULL, NULL);
    struct tm end = {0};

    if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
        return FALSE;
    *issuer = issuer_of(certificate);
    *expires = (gint64)timegm(&end);
    return TRUE;
}
