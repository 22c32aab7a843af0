#include "fetch/http/certificate.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "common/base/text.h"

enum {
    ISSUER_MAX = 200,
    PATIENCE = 10, /* seconds, connecting included */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

void
sm_certificate_clear(SmCertificate *certificate)
{
    g_clear_pointer(&certificate->issuer, g_free);
}

static char *
issuer_of(const X509 *x509)
{
    g_autoptr(BIO) text = BIO_new(BIO_s_mem());
    g_autofree char *raw = NULL;
    char *bytes;
    long length;

    X509_NAME_print_ex(text, X509_get_issuer_name(x509), 0,
                       XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ & ~ASN1_STRFLGS_ESC_MSB);
    length = BIO_get_mem_data(text, &bytes);
    raw = g_strndup(bytes, (gsize)MAX(length, 0));
    return sm_text_clean(raw, ISSUER_MAX);
}

gboolean
sm_certificate_parse(const char *pem, SmCertificate *certificate)
{
    g_autoptr(BIO) source = BIO_new_mem_buf(pem, -1);
    g_autoptr(X509) x509 = PEM_read_bio_X509(source, NULL, NULL, NULL);
    struct tm begin = {0}, end = {0};

    if (x509 == NULL || ASN1_TIME_to_tm(X509_get0_notBefore(x509), &begin) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(x509), &end) != 1)
        return FALSE;
    sm_certificate_clear(certificate);
    certificate->issuer = issuer_of(x509);
    certificate->begins = (gint64)timegm(&begin);
    certificate->expires = (gint64)timegm(&end);
    return TRUE;
}

void
sm_certificate_read(CURL *handle, SmCertificate *certificate)
{
    static const char start[] = "Cert:";
    struct curl_certinfo *chain = NULL;

    if (curl_easy_getinfo(handle, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
        chain->num_of_certs < 1)
        return;
    for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
        if (g_str_has_prefix(line->data, start))
            sm_certificate_parse(line->data + strlen(start), certificate);
}

/* url without what is behind its host and port, which may be a secret; for handle. */
static gboolean
set_origin(CURL *handle, const char *url)
{
    g_autoptr(CURLU) parsed = curl_url();
    char *origin = NULL;
    gboolean ok = parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                  curl_url_set(parsed, CURLUPART_PATH, NULL, 0) == CURLUE_OK &&
                  curl_url_set(parsed, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
                  curl_url_get(parsed, CURLUPART_URL, &origin, 0) == CURLUE_OK &&
                  curl_easy_setopt(handle, CURLOPT_URL, origin) == CURLE_OK;

    curl_free(origin);
    return ok;
}

void
sm_certificate_look(CURL *handle, const char *url, SmCertificate *certificate)
{
    /* shares no connection with it */
    g_autoptr(CURL) look = handle != NULL ? curl_easy_duphandle(handle) : NULL;

    if (look == NULL || !set_origin(look, url))
        return;
    curl_easy_setopt(look, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(look, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(look, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(look, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(look, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(look, CURLOPT_TIMEOUT, (long)PATIENCE);
    curl_easy_setopt(look, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(look, CURLOPT_SSL_VERIFYHOST, 0L);
    if (curl_easy_perform(look) == CURLE_OK)
        sm_certificate_read(look, certificate);
}

#define UTC(when) sm_text_date(when, TRUE, "%Y-%m-%d %H:%M UTC")

char *
sm_certificate_fault(const SmCertificate *certificate, gint64 now, const char *detail)
{
    const char *issuer = certificate->issuer;
    g_autofree char *here = UTC(now);
    g_autofree char *begins = UTC(certificate->begins);
    g_autofree char *expires = UTC(certificate->expires);

    if (issuer != NULL && now >= certificate->expires)
        return g_strdup_printf("its certificate expired on %s, and the clock here says %s; if the"
                               " clock is right, whoever runs that host must renew it",
                               expires, here);
    if (issuer != NULL && now < certificate->begins)
        return g_strdup_printf("its certificate is not yet valid before %s, and the clock here says"
                               " %s; is the clock right?",
                               begins, here);
    return g_strdup_printf("its certificate%s%s is not trusted: %s; if a proxy or filter of yours"
                           " reads TLS, set ca-file to the file with its authority's certificate",
                           issuer != NULL ? ", issued by " : "", issuer != NULL ? issuer : "",
                           detail);
}
