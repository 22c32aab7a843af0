#include "emulator/base/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

enum { SHA1_SIZE = 20 };

static void
must(int result)
{
    if (result < 0)
        g_error("GnuTLS: %s", gnutls_strerror(result));
}

void
sm_hmac_sha256(const void *key, gsize key_size, const char *text, guint8 out[SM_SHA256_SIZE])
{
    must(gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_size, text, strlen(text), out));
}

char *
sm_hmac_sha1_base64(const char *key, const char *text)
{
    guint8 mac[SHA1_SIZE];

    must(gnutls_hmac_fast(GNUTLS_MAC_SHA1, key, strlen(key), text, strlen(text), mac));
    return g_base64_encode(mac, sizeof mac);
}

gboolean
sm_equal_secret(const char *a, const char *b)
{
    gsize size = strlen(a);

    return size == strlen(b) && gnutls_memcmp(a, b, size) == 0;
}

char *
sm_random_text(gsize length, const char *alphabet)
{
    gsize letters = strlen(alphabet);
    char *text = g_malloc0(length + 1);

    must(gnutls_rnd(GNUTLS_RND_RANDOM, text, length));
    for (gsize i = 0; i < length; i++)
        text[i] = alphabet[(guint8)text[i] % letters]; /* not quite even, and good enough here */
    return text;
}

char *
sm_random_uuid(void)
{
    g_autofree char *uuid = g_uuid_string_random();

    return g_ascii_strup(uuid, -1);
}
