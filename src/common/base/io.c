#include "common/base/io.h"

#include <stdio.h>

#include "common/base/error.h"

#include <errno.h>
#include <unistd.h>

gboolean
sm_write_all(int fd, const void *data, gsize size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t written = write(fd, at, size);

        if (written < 0 && errno != EINTR)
            return FALSE;
        if (written > 0) {
            at += written;
            size -= (gsize)written;
        }
    }
    return TRUE;
}

gboolean
sm_io_flush(GError **error)
{
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           sm_error_from_errno(error, SM_ERROR_IO, "standard output");
}
