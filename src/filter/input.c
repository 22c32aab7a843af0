#include "filter/input.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 1024 * 1024, ROOM_MIN = 1024 * 1024 }; /* bytes */

/* As read(2), but waits and tries again instead of EAGAIN and EINTR. */
static ssize_t
read_patiently(int fd, char *to, gsize size)
{
    for (;;) {
        ssize_t got = read(fd, to, size);

        if (got >= 0)
            return got;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd wait = {fd, POLLIN, 0};

            if (poll(&wait, 1, -1) < 0 && errno != EINTR)
                return -1;
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

static gsize
page_align(gsize size)
{
    gsize page = (gsize)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

/* Out of memory: still drain the pipe, so that the writer sees no closed one. */
static void
drain(int fd)
{
    char scratch[4096];

    while (read_patiently(fd, scratch, sizeof scratch) > 0)
        continue;
}

/* As much of the wanted address space as there is; *reserved becomes 0 if there is none. */
static char *
reserve(gsize wanted, gsize *reserved)
{
    for (*reserved = wanted; *reserved >= ROOM_MIN || *reserved == wanted; *reserved /= 2) {
        char *data;

        *reserved = page_align(*reserved);
        data = mmap(NULL, *reserved, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (data == MAP_FAILED)
            continue;
        /* A large message is spared thousands of page faults; a small one does not get there. */
        if (*reserved > LARGE)
            madvise(data + LARGE, *reserved - LARGE, MADV_HUGEPAGE);
        return data;
    }
    *reserved = 0;
    return NULL;
}

/* Which nobody ends, as /dev/zero by a slip of the hand: it would be drained for ever. */
static gboolean
is_device(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode));
}

static void
fail(SmInput *input, SmErrorCode code, int cause, const char *fault)
{
    input->fault = fault;
    input->code = code;
    input->cause = cause;
}

void
sm_input_read(SmInput *input, int fd, gsize max)
{
    gsize wanted = page_align(max + 1), reserved, room, used;
    gboolean overflows = FALSE, device = is_device(fd);
    ssize_t got = 0;

    *input = (SmInput){.data = reserve(wanted, &reserved)};
    if (input->data == NULL) {
        fail(input, SM_ERROR_INTERNAL, errno, "no memory for a message");
        drain(fd);
        return;
    }
    /* One byte more than allowed: it distinguishes a message that fits exactly from a larger one.
     */
    room = MIN(max + 1, reserved);
    while (!(overflows && device) &&
           (got = read_patiently(fd, input->data + input->length, room - input->length)) > 0) {
        input->length += (gsize)got;
        if (input->length == room) {
            overflows = TRUE;
            input->length = 0; /* from here on the pages only serve to drain */
        }
    }
    if (got < 0)
        fail(input, SM_ERROR_IO, errno, "cannot read the message from standard input");
    else if (overflows && device)
        fail(input, SM_ERROR_IO, 0,
             "standard input is a device without end; pipe a message into scoremail");
    else if (overflows && reserved < wanted)
        fail(input, SM_ERROR_INTERNAL, 0,
             "no memory for a message of this size; raise the limit on address space");
    input->too_large = overflows;
    if (overflows)
        input->length = 0;
    used = page_align(MAX(input->length, 1));
    munmap(input->data + used, reserved - used);
}

void
sm_input_clear(SmInput *input)
{
    if (input->data != NULL)
        munmap(input->data, page_align(MAX(input->length, 1)));
    input->data = NULL;
}
