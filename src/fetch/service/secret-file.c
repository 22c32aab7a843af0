#include "fetch/service/secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

static gboolean
write_line(int fd, const SmSecret *secret)
{
    const char *text = sm_secret_text(secret);
    const struct iovec line[] = {{(char *)text, strlen(text)}, {(char *)"\n", 1}};
    ssize_t written = writev(fd, line, G_N_ELEMENTS(line));

    if (written >= 0 && (gsize)written != line[0].iov_len + 1)
        errno = ENOSPC;
    return written >= 0 && (gsize)written == line[0].iov_len + 1;
}

/* Owner, group and mode, after the file that was there (NULL: none). Who could read it, still can.
 */
static gboolean
set_access(int fd, const struct stat *old)
{
    mode_t group = old != NULL ? old->st_mode & S_IRGRP : 0;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return FALSE;
    if (old != NULL && (st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
        fchown(fd, old->st_uid, old->st_gid) < 0 && (st.st_uid != old->st_uid || group != 0))
        return FALSE;
    return fchmod(fd, S_IRUSR | S_IWUSR | group) == 0;
}

static gboolean
sync_folder(const char *folder)
{
    sm_autofd int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && fsync(fd) == 0;
}

static gboolean
replace(const char *path, const char *folder, const struct stat *old, const SmSecret *secret)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *temporary = g_strdup_printf("%s/.%s.XXXXXX", folder, name);
    sm_autofd int fd = mkostemp(temporary, O_CLOEXEC);
    int fault;

    if (fd < 0)
        return FALSE;
    if (set_access(fd, old) && write_line(fd, secret) && fsync(fd) == 0 &&
        rename(temporary, path) == 0)
        return sync_folder(folder);
    fault = errno;
    unlink(temporary);
    errno = fault;
    return FALSE;
}

gboolean
sm_secret_write(const char *path, const SmSecret *secret, uid_t *owner, GError **error)
{
    char *resolved = realpath(path, NULL);
    const char *target = resolved != NULL ? resolved : path;
    g_autofree char *folder = g_path_get_dirname(target);
    struct stat st;
    gboolean exists = stat(target, &st) == 0;
    gboolean ok = FALSE;

    if (exists && !S_ISREG(st.st_mode))
        g_set_error(error, SM_ERROR, SM_ERROR_DIRECTORY, "%s is not a regular file", target);
    else if (!replace(target, folder, exists ? &st : NULL, secret))
        sm_error_from_errno(error, SM_ERROR_DIRECTORY,
                            "%s cannot be written by a new file in %s that takes its place", target,
                            folder);
    else
        ok = TRUE;
    *owner = exists ? st.st_uid : geteuid();
    free(resolved);
    return ok;
}
