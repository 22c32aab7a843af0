#include "fetch/host/memory.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    /* a power of two: passwords, request bodies and answers, of 16 calls at once */
    HEAP_SIZE = 2 * 1024 * 1024,
    HEAP_SMALLEST = 32,
};

/* OpenSSL has one heap in a process, and tells nobody where it begins, but of each address whether
 * it lies there. */
static char *
find_start(char *inside)
{
    for (gsize step = HEAP_SIZE / 2; step > 0; step /= 2)
        if (CRYPTO_secure_allocated(inside - step))
            inside -= step;
    return inside;
}

/* A process beside a command (keeper.h) is a fork that outlives our wiping: the heap is empty
 * there. */
static void *
create_heap(void)
{
    char *first;
    void *start = MAP_FAILED;

    /* Without permission to lock memory the heap works unlocked: better than no download. */
    CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_SMALLEST);
    first = OPENSSL_secure_malloc(1);
    if (CRYPTO_secure_allocated(first)) {
        start = find_start(first);
        madvise(start, HEAP_SIZE, MADV_WIPEONFORK);
    }
    OPENSSL_secure_free(first);
    return start;
}

static void *
heap(void)
{
    static gsize place = 0;

    if (g_once_init_enter(&place))
        g_once_init_leave(&place, (gsize)create_heap());
    return (void *)place;
}

char *
sm_secret_alloc(gsize size)
{
    char *buffer;

    heap();
    buffer = OPENSSL_secure_zalloc(size);
    if (buffer == NULL) /* the heap is full: as without permission to lock */
        buffer = OPENSSL_zalloc(size);
    if (buffer == NULL)
        g_error("no memory for %" G_GSIZE_FORMAT " bytes", size);
    return buffer;
}

char *
sm_secret_copy(const char *text, gsize size)
{
    char *copy = sm_secret_alloc(size);

    g_strlcpy(copy, text, size);
    return copy;
}

void
sm_secret_release(char *buffer, gsize size)
{
    OPENSSL_secure_clear_free(buffer, size);
}

pid_t
sm_secret_fork(void)
{
    gboolean used = CRYPTO_secure_malloc_initialized();
    pid_t pid;

    if (used)
        madvise(heap(), HEAP_SIZE, MADV_KEEPONFORK);
    pid = fork();
    if (used)
        madvise(heap(), HEAP_SIZE, MADV_WIPEONFORK);
    if (used && pid == 0)
        mlock(heap(), HEAP_SIZE); /* which no fork inherits */
    return pid;
}
