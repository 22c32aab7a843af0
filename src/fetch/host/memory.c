#include "fetch/host/memory.h"

#include <openssl/crypto.h>

enum {
    /* a power of two: passwords, request bodies and answers, of 16 calls at once */
    HEAP_SIZE = 2 * 1024 * 1024,
    HEAP_SMALLEST = 32,
};

char *
sm_secret_alloc(gsize size)
{
    /* Without permission to lock memory the heap works unlocked: better than no download. */
    if (!CRYPTO_secure_malloc_initialized())
        CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_SMALLEST);
    return OPENSSL_secure_zalloc(size);
}

void
sm_secret_release(char *buffer, gsize size)
{
    OPENSSL_secure_clear_free(buffer, size);
}
