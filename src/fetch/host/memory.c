#include "fetch/host/memory.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

enum {
    /* a power of two: passwords, request bodies and answers, of 16 calls at once */
    HEAP_SIZE = 2 * 1024 * 1024,
    HEAP_SMALLEST = 32,
};

/* A process beside a command (keeper.h) is a fork that outlives our wiping: all of the heap, which
 * one block fills, is empty there. */
static void
create_heap(void)
{
    void *all;

    /* Without permission to lock memory the heap works unlocked: better than no download. */
    CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_SMALLEST);
    all = OPENSSL_secure_malloc(HEAP_SIZE);
    if (CRYPTO_secure_allocated(all))
        madvise(all, HEAP_SIZE, MADV_WIPEONFORK);
    OPENSSL_secure_free(all);
}

char *
sm_secret_alloc(gsize size)
{
    if (!CRYPTO_secure_malloc_initialized())
        create_heap();
    return OPENSSL_secure_zalloc(size);
}

void
sm_secret_release(char *buffer, gsize size)
{
    OPENSSL_secure_clear_free(buffer, size);
}
