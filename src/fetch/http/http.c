#include "fetch/http/http.h"

#include "build-config.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/http/authorities.h"
#include "fetch/http/certificate.h"

enum { DETAIL_MAX = 200 };

gboolean
sm_http_start(GError **error)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (code == CURLE_OK)
        return TRUE;
    return sm_error_set(error, SM_ERROR_INTERNAL, "libcurl: %s", curl_easy_strerror(code));
}

gboolean
sm_http_prepare(CURL *handle, const SmAccount *account, guint stall, char *error_buffer,
                GError **error)
{
    const char *proxy = account->proxy != NULL ? account->proxy : "";
    gboolean ok = TRUE;

    curl_easy_reset(handle);
#define SET(option, value) ok = ok && curl_easy_setopt(handle, option, value) == CURLE_OK
    SET(CURLOPT_ERRORBUFFER, error_buffer);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PROXY, proxy); /* "": none, whatever the environment says */
    SET(CURLOPT_CONNECTTIMEOUT, (long)account->connect_timeout);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)stall);
    SET(CURLOPT_USERAGENT, "scoremail/" SM_VERSION);
#undef SET
    ok = ok && sm_authorities_set(handle, account, error);
    if (!ok && (error == NULL || *error == NULL))
        sm_error_set(error, SM_ERROR_INTERNAL, "libcurl %s lacks an option that scorefetch needs",
                     curl_version());
    return ok;
}

void
sm_http_set_error(GError **error, int code, CURL *handle, const char *url, CURLcode result,
                  const char *detail)
{
    g_autofree char *shown = sm_text_redact_url(url);
    g_autofree char *clean =
        sm_text_clean(*detail != '\0' ? detail : curl_easy_strerror(result), DETAIL_MAX);
    g_auto(SmCertificate) certificate = {0};
    g_autofree char *fault = NULL;

    switch (result) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        sm_certificate_look(handle, url, &certificate);
        fault = sm_certificate_fault(&certificate, g_get_real_time() / G_USEC_PER_SEC, clean);
        sm_error_set(error, SM_ERROR_TRUST, "%s: %s", shown, fault);
        break;
    case CURLE_SSL_CACERT_BADFILE:
        sm_error_set(error, SM_ERROR_CONFIG, "ca-file cannot be used: %s", clean);
        break;
    case CURLE_OUT_OF_MEMORY: /* also libcurl's word for a header that does not end */
        sm_error_set(error, code, "%s: its headers are too large, or out of memory", shown);
        break;
    default:
        sm_error_set(error, code, "%s: %s", shown, clean);
    }
}

const char *
sm_http_header(CURL *handle, const char *name)
{
    struct curl_header *header;

    if (curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

char *
sm_http_headers(CURL *handle, const char *name)
{
    GString *all = NULL;
    struct curl_header *header;

    for (size_t i = 0; curl_easy_header(handle, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++) {
        if (all == NULL)
            all = g_string_new(header->value);
        else
            g_string_append_printf(all, ", %s", header->value);
    }
    return all != NULL ? g_string_free(all, FALSE) : NULL;
}

guint
sm_http_retry_after(CURL *handle)
{
    curl_off_t seconds = 0;

    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
    return (guint)CLAMP(seconds, 0, G_MAXINT);
}
