#include "common/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

enum { INODES_FEW = 4 /* what was begun has been taken away again */ };

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
sm_open_pipe(int *out, int *in)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return FALSE;
    *out = ends[0];
    *in = ends[1];
    return fcntl(*out, F_SETFL, O_NONBLOCK) == 0;
}

DIR *
sm_open_folder(int fd)
{
    sm_autofd int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;

    if (folder != NULL)
        sm_steal_fd(&copy);
    return folder;
}

const char *
sm_io_space_hint(const char *path)
{
    int saved = errno;
    struct statvfs fs;
    gboolean full = saved == ENOSPC && statvfs(path, &fs) == 0 && fs.f_files > 0 &&
                    fs.f_favail < INODES_FEW && fs.f_bavail > 0;

    errno = saved;
    return full ? " (no inode is left, although there is free space; delete files)" : "";
}

static const char *
kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a folder";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFLNK:
        return "a link";
    default:
        return "a device";
    }
}

int
sm_open_regular(const char *path, int flags, int code, const char *what, GError **error)
{
    sm_autofd int fd = -1;
    struct stat st;
    gboolean there = ((flags & O_NOFOLLOW) != 0 ? lstat(path, &st) : stat(path, &st)) == 0;

    /* looked at first, since opening a device may do something */
    if (!there || S_ISREG(st.st_mode)) {
        fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
        if (fd < 0 || fstat(fd, &st) < 0) {
            g_autofree char *folder = g_path_get_dirname(path);

            if (there && errno == EACCES)
                sm_error_set(error, code,
                             "%s %s belongs to uid %u, and uid %u has no access; chown it", what,
                             path, (guint)st.st_uid, (guint)geteuid());
            else
                sm_error_from_errno(error, (SmErrorCode)code, "%s %s%s", what, path,
                                    sm_io_space_hint(folder));
            return -1;
        }
    }
    if (S_ISREG(st.st_mode))
        return sm_steal_fd(&fd);
    sm_error_set(error, code, "%s %s is %s; name a regular file", what, path, kind_of(st.st_mode));
    return -1;
}

gboolean
sm_io_flush(GError **error)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    if (fflush(stdout) == 0 && !ferror(stdout))
        return TRUE;
    if (errno != EPIPE) /* it may have been an earlier call's */
        errno = poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0 ? EPIPE : errno;
    __fpurge(stdout); /* it is said once */
    clearerr(stdout);
    return errno == EPIPE || sm_error_from_errno(error, SM_ERROR_IO, "standard output");
}

void
sm_io_end(void)
{
    g_autoptr(GError) fault = NULL;

    if (sm_io_flush(&fault))
        return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, fault->message);
    _exit(EX_IOERR);
}
