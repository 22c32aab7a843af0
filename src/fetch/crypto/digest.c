#include "fetch/crypto/digest.h"

#include <string.h>
#include <unistd.h>

#include "common/base/text.h"
#include "fetch/host/autoptr.h"

enum { READ_SIZE = 256 * 1024 };

struct SmDigest {
    EVP_MD_CTX *sha256;
    EVP_MD_CTX *md5; /* NULL: not asked for */
    gint64 breaks;   /* line breaks */
    char last;       /* the last byte; a line break where there is none */
    GThread *thread; /* hashes data, until it is joined; NULL: none */
    const void *data;
    gsize length; /* bytes of data */
};

static EVP_MD_CTX *
context_for(const EVP_MD *kind)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    /* Fails only without memory, or where a policy forbids MD5: then it is not compared. */
    if (EVP_DigestInit_ex(context, kind, NULL) != 1)
        g_clear_pointer(&context, EVP_MD_CTX_free);
    return context;
}

SmDigest *
sm_digest_new(gboolean with_md5)
{
    SmDigest *digest = g_new0(SmDigest, 1);

    digest->last = '\n';
    digest->sha256 = context_for(EVP_sha256());
    if (digest->sha256 == NULL)
        g_error("libcrypto has no SHA-256");
    if (with_md5)
        digest->md5 = context_for(EVP_md5());
    return digest;
}

static void
count_lines(SmDigest *digest, const char *data, gsize length)
{
    const char *end = data + length;

    for (const char *at = data; (at = memchr(at, '\n', (gsize)(end - at))) != NULL; at++)
        digest->breaks++;
    if (length > 0)
        digest->last = end[-1];
}

static void
hash(SmDigest *digest, const void *data, gsize length)
{
    count_lines(digest, data, length);
    EVP_DigestUpdate(digest->sha256, data, length);
    if (digest->md5 != NULL)
        EVP_DigestUpdate(digest->md5, data, length);
}

static gpointer
hash_beside(gpointer user)
{
    SmDigest *digest = user;

    hash(digest, digest->data, digest->length);
    return NULL;
}

static void
wait_for_thread(SmDigest *digest)
{
    if (digest->thread != NULL)
        g_thread_join(g_steal_pointer(&digest->thread));
}

void
sm_digest_free(SmDigest *digest)
{
    if (digest == NULL)
        return;
    wait_for_thread(digest);
    EVP_MD_CTX_free(digest->sha256);
    EVP_MD_CTX_free(digest->md5);
    g_free(digest);
}

void
sm_digest_update(SmDigest *digest, const void *data, gsize length)
{
    wait_for_thread(digest);
    hash(digest, data, length);
}

void
sm_digest_update_beside(SmDigest *digest, const void *data, gsize length)
{
    wait_for_thread(digest);
    digest->data = data;
    digest->length = length;
    digest->thread = g_thread_try_new("hash", hash_beside, digest, NULL);
    if (digest->thread == NULL)
        hash(digest, data, length);
}

static char *
finish(EVP_MD_CTX *context)
{
    guint8 value[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    EVP_DigestFinal_ex(context, value, &size);
    return sm_text_hex(value, size);
}

void
sm_digest_finish(SmDigest *digest, char **sha256, char **md5)
{
    wait_for_thread(digest);
    *sha256 = finish(digest->sha256);
    if (md5 != NULL)
        *md5 = digest->md5 != NULL ? finish(digest->md5) : NULL;
}

gint64
sm_digest_lines(const SmDigest *digest)
{
    return digest->breaks + (digest->last != '\n');
}

gboolean
sm_digest_read(SmDigest *digest, int fd)
{
    g_autofree guint8 *buffer = g_malloc(READ_SIZE);
    ssize_t got;

    while ((got = TEMP_FAILURE_RETRY(read(fd, buffer, READ_SIZE))) > 0)
        sm_digest_update(digest, buffer, (gsize)got);
    return got == 0;
}
