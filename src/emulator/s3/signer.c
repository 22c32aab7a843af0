#include "emulator/s3/signer.h"

#include <string.h>

#include "common/base/error.h"
#include "emulator/base/digest.h"
#include "emulator/s3/sign-v2.h"
#include "emulator/s3/sign-v4.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DEFAULT_REGION "us-east-1"

enum { HTTPS_PORT = 443 };

static void
copy_key(SmSigner *signer, const SmS3Key *key)
{
    if (key != NULL) {
        signer->key.access_key = g_strdup(key->access_key);
        signer->key.secret_key = g_strdup(key->secret_key);
        signer->key.token = g_strdup(key->token);
    }
    signer->key.region =
        g_strdup(key != NULL && key->region != NULL ? key->region : DEFAULT_REGION);
}

SmSigner *
sm_signer_new_own(const char *endpoint, const char *bucket, gboolean virtual_host,
                  const SmS3Key *key)
{
    SmSigner *signer = g_new0(SmSigner, 1);

    signer->scheme = g_strdup("https");
    signer->endpoint = g_strdup(endpoint);
    signer->bucket = g_strdup(bucket);
    signer->prefix = g_strdup_printf("/%s/K12", bucket);
    signer->virtual_host = virtual_host;
    copy_key(signer, key);
    if (signer->key.access_key == NULL) {
        g_autofree char *letters = sm_random_text(16, LETTERS "234567");

        signer->key.access_key = g_strconcat("AKIA", letters, NULL);
        signer->key.secret_key =
            sm_random_text(40, LETTERS "abcdefghijklmnopqrstuvwxyz0123456789+/");
    }
    sm_signer_set_port(signer, HTTPS_PORT);
    return signer;
}

/* The port of the scheme is left off, as clients leave it off in Host. */
void
sm_signer_set_port(SmSigner *signer, guint16 port)
{
    g_autofree char *suffix = port != HTTPS_PORT ? g_strdup_printf(":%u", port) : g_strdup("");

    if (signer->bucket == NULL)
        return;
    g_free(signer->host);
    signer->host = g_strconcat(signer->virtual_host ? signer->bucket : "",
                               signer->virtual_host ? "." : "", signer->endpoint, suffix, NULL);
}

SmSigner *
sm_signer_new_foreign(const char *url, const SmS3Key *key, GError **error)
{
    const char *mark = strstr(url, "://");
    const char *host = mark != NULL ? mark + 3 : "";
    gsize length = strcspn(host, "/");
    g_autofree char *path = g_uri_unescape_string(host + length, NULL);
    SmSigner *signer;

    if ((!g_str_has_prefix(url, "https://") && !g_str_has_prefix(url, "http://")) || length == 0 ||
        path == NULL || strpbrk(host, "?#@") != NULL)
        return sm_error_null(error, SM_ERROR_USAGE,
                             "--object-store: write https://HOST[:PORT]/BUCKET/PREFIX");
    signer = g_new0(SmSigner, 1);
    signer->scheme = g_strndup(url, (gsize)(mark - url));
    signer->host = g_strndup(host, length);
    while (g_str_has_suffix(path, "/"))
        path[strlen(path) - 1] = '\0';
    signer->prefix = g_steal_pointer(&path);
    copy_key(signer, key);
    return signer;
}

void
sm_signer_free(SmSigner *signer)
{
    g_free(signer->scheme);
    g_free(signer->endpoint);
    g_free(signer->host);
    g_free(signer->bucket);
    g_free(signer->prefix);
    g_free(signer->key.access_key);
    g_free(signer->key.secret_key);
    g_free(signer->key.token);
    g_free(signer->key.region);
    g_free(signer);
}

char *
sm_signer_url(const SmSigner *signer, const char *name, gint64 now)
{
    g_autofree char *path = g_strconcat(signer->prefix, "/", name, NULL);
    g_autofree char *resource = g_uri_escape_string(path, "/", FALSE);
    gsize skipped = signer->virtual_host ? 1 + strlen(signer->bucket) : 0;
    g_autofree char *encoded = g_uri_escape_string(path + skipped, "/", FALSE);
    g_autofree char *plain = g_strconcat(signer->scheme, "://", signer->host, encoded, NULL);
    g_autofree char *query = NULL;

    if (signer->key.access_key == NULL)
        return g_steal_pointer(&plain);
    if (signer->version == SM_SIGNATURE_V2)
        query = sm_v2_presign(&signer->key, resource, now + signer->lifetime);
    else
        query = sm_v4_presign(&signer->key, signer->host, path + skipped, now, signer->lifetime);
    return g_strconcat(plain, "?", query, NULL);
}

char *
sm_signer_resource(const SmSigner *signer, const SmRequest *request)
{
    const char *host = sm_request_header(request, "host");
    g_autofree char *name = g_ascii_strdown(host != NULL ? host : "", -1);
    g_autofree char *start = g_strconcat(signer->bucket, ".", NULL);
    g_autofree char *path_style = g_strconcat("/", signer->bucket, "/", NULL);

    if (g_str_has_prefix(name, start) && !g_str_has_prefix(request->path, path_style))
        return g_strconcat("/", signer->bucket, request->path, NULL);
    return g_strdup(request->path);
}
