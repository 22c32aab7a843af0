#include "emulator/s3/signer.h"

#include <string.h>

#include "common/base/error.h"
#include "emulator/base/digest.h"
#include "emulator/base/query.h"
#include "emulator/s3/sign-v2.h"
#include "emulator/s3/sign-v4.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DEFAULT_REGION "us-east-1"

SmSigner *
sm_signer_new_own(const char *host, const char *bucket)
{
    SmSigner *signer = g_new0(SmSigner, 1);
    g_autofree char *key = sm_random_text(16, LETTERS "234567");

    signer->scheme = g_strdup("https");
    signer->host = g_strdup(host);
    signer->prefix = g_strdup_printf("/%s/K12", bucket);
    signer->access_key = g_strconcat("AKIA", key, NULL);
    signer->secret_key = sm_random_text(40, LETTERS "abcdefghijklmnopqrstuvwxyz0123456789+/");
    signer->region = g_strdup(DEFAULT_REGION);
    return signer;
}

SmSigner *
sm_signer_new_foreign(const char *url, const char *access_key, const char *secret_key,
                      const char *region, GError **error)
{
    const char *mark = strstr(url, "://");
    const char *host = mark != NULL ? mark + 3 : "";
    gsize length = strcspn(host, "/");
    g_autofree char *path = sm_percent_decode(host + length, strlen(host + length));
    SmSigner *signer;

    if ((!g_str_has_prefix(url, "https://") && !g_str_has_prefix(url, "http://")) || length == 0 ||
        path == NULL || strpbrk(host, "?#@") != NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "--object-store: write https://HOST[:PORT]/BUCKET/PREFIX");
        return NULL;
    }
    signer = g_new0(SmSigner, 1);
    signer->scheme = g_strndup(url, (gsize)(mark - url));
    signer->host = g_strndup(host, length);
    while (g_str_has_suffix(path, "/"))
        path[strlen(path) - 1] = '\0';
    signer->prefix = g_steal_pointer(&path);
    signer->access_key = g_strdup(access_key);
    signer->secret_key = g_strdup(secret_key);
    signer->region = g_strdup(region != NULL ? region : DEFAULT_REGION);
    return signer;
}

void
sm_signer_free(SmSigner *signer)
{
    g_free(signer->scheme);
    g_free(signer->host);
    g_free(signer->prefix);
    g_free(signer->access_key);
    g_free(signer->secret_key);
    g_free(signer->region);
    g_free(signer);
}

char *
sm_signer_url(const SmSigner *signer, const char *name, gint64 now)
{
    g_autofree char *path = g_strconcat(signer->prefix, "/", name, NULL);
    g_autofree char *encoded = sm_percent_encode_path(path);
    g_autofree char *plain = g_strconcat(signer->scheme, "://", signer->host, encoded, NULL);
    g_autofree char *query = NULL;

    if (signer->access_key == NULL)
        return g_steal_pointer(&plain);
    if (signer->version == SM_SIGNATURE_V2)
        query =
            sm_v2_presign(signer->access_key, signer->secret_key, encoded, now + signer->lifetime);
    else
        query = sm_v4_presign(signer->access_key, signer->secret_key, signer->region, signer->host,
                              path, now, signer->lifetime);
    return g_strconcat(plain, "?", query, NULL);
}
