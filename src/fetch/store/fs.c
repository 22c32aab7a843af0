#include "fetch/store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/io.h"

gboolean
sm_fs_lacks(int error)
{
    return error == EPERM || error == EIO || error == ENOSYS || error == EINVAL ||
           error == EOPNOTSUPP || error == ENOTSUP || error == EXDEV || error == EMLINK ||
           error == ENOTTY;
}

static gboolean
link_and_unlink(int from_dir, const char *from, int to_dir, const char *to)
{
    return linkat(from_dir, from, to_dir, to, 0) == 0 && unlinkat(from_dir, from, 0) == 0;
}

/* The claim excludes our own processes; another program may still create the name. */
static gboolean
look_and_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    struct stat before, after;

    if (fstatat(to_dir, to, &after, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return FALSE;
    }
    if (errno != ENOENT || fstatat(from_dir, from, &before, AT_SYMLINK_NOFOLLOW) < 0 ||
        renameat(from_dir, from, to_dir, to) < 0)
        return FALSE;
    if (fstatat(to_dir, to, &after, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT; /* renamed, and an importer has already taken it */
    if (after.st_dev == before.st_dev && after.st_ino == before.st_ino)
        return TRUE;
    errno = EEXIST; /* another inode: the caller compares the content */
    return FALSE;
}

gboolean
sm_fs_move(int from_dir, const char *from, int to_dir, const char *to, SmFsWay *way)
{
    SmFsWay unused;

    if (way == NULL)
        way = &unused;
    *way = SM_FS_RENAMES;
    if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
        return TRUE;
    if (!sm_fs_lacks(errno))
        return FALSE;
    *way = SM_FS_LINKS;
    if (link_and_unlink(from_dir, from, to_dir, to))
        return TRUE;
    if (!sm_fs_lacks(errno))
        return FALSE;
    *way = SM_FS_LOOKS;
    return look_and_rename(from_dir, from, to_dir, to);
}

gboolean
sm_fs_sync(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP ||
           errno == ENOTSUP || errno == EBADF;
}

void
sm_fs_begin_writing(int fd, gint64 from, gint64 length)
{
    int before = errno;

    sync_file_range(fd, from, length, SYNC_FILE_RANGE_WRITE); /* fsync reports the error */
    errno = before;
}

gboolean
sm_fs_close(int *fd)
{
    return close(sm_steal_fd(fd)) == 0 || errno == EINTR;
}

gboolean
sm_fs_copy(int from, int to)
{
    off_t at = 0;
    ssize_t n;

    do
        n = sendfile(to, from, &at, G_MAXINT32);
    while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0;
}

const char *
sm_fs_boot_id(void)
{
    static gsize id; /* a string */
    char *boot;

    if (g_once_init_enter(&id)) {
        if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
            boot = g_uuid_string_random();
        g_once_init_leave(&id, (gsize)g_strstrip(boot));
    }
    return (const char *)id;
}

gboolean
sm_fs_is_same(int dir_fd, const char *name, int other_fd, const char *other)
{
    struct stat a, b;

    return fstatat(dir_fd, name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(other_fd, other, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static gboolean
is_listed(int dir_fd, const char *name)
{
    g_autoptr(DIR) dir = sm_open_folder(dir_fd);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, name) == 0)
            return TRUE;
    return FALSE;
}

gboolean
sm_fs_is_spelled(int dir_fd, const char *name)
{
    g_autofree char *other = g_strdup(name);
    struct stat st;

    for (char *c = other; *c != '\0'; c++)
        *c = g_ascii_islower(*c) ? g_ascii_toupper(*c) : g_ascii_tolower(*c);
    /* Lists the folder only where case does not count, which is rare. An inode is no proof: FUSE
     * may give each spelling its own. */
    return fstatat(dir_fd, other, &st, AT_SYMLINK_NOFOLLOW) < 0 || is_listed(dir_fd, name);
}
