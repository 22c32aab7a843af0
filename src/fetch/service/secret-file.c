#include "fetch/service/secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
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

/* Owner, group and mode, after the file that was there (NULL: none). Keeps who may read it.
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

/* The first user but root who owns a folder on the way to path, or path as a link, and so decides
 * where it leads; root's id where there is none. */
static uid_t
whose_way(const char *path)
{
    g_autofree char *part = g_strdup(path);
    struct stat st;

    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        if (lstat(part, &st) == 0 && st.st_uid != 0 && !S_ISREG(st.st_mode))
            return st.st_uid;
        if (slash == NULL)
            return 0;
        *slash = '/';
    }
}

/* Whose hands path is in: a link may lead from root's folders to a user's, and the other way. */
static uid_t
keeper_of(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    char *resolved = realpath(path, NULL);
    uid_t keeper = whose_way(path);

    if (resolved == NULL)
        resolved = realpath(folder, NULL);
    if (keeper == 0 && resolved != NULL)
        keeper = whose_way(resolved);
    free(resolved);
    return keeper;
}

gboolean
sm_secret_act_as(uid_t user)
{
    const struct passwd *entry = getpwuid(user);

    if (user == 0)
        return seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0;
    if (entry == NULL) {
        errno = EPERM;
        return FALSE;
    }
    return initgroups(entry->pw_name, entry->pw_gid) == 0 && setegid(entry->pw_gid) == 0 &&
           seteuid(user) == 0;
}

static gboolean
write_as_we_are(const char *path, const SmSecret *secret, uid_t *owner, GError **error)
{
    char *resolved = realpath(path, NULL);
    const char *target = resolved != NULL ? resolved : path;
    g_autofree char *folder = g_path_get_dirname(target);
    struct stat st;
    gboolean exists = stat(target, &st) == 0;
    gboolean ok = FALSE;

    if (exists && !S_ISREG(st.st_mode))
        sm_error_set(error, SM_ERROR_DIRECTORY, "%s is not a regular file", target);
    else if (!replace(target, folder, exists ? &st : NULL, secret))
        sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s: cannot replace it by a new file in %s",
                            target, folder);
    else
        ok = TRUE;
    *owner = exists ? st.st_uid : geteuid();
    free(resolved);
    return ok;
}

gboolean
sm_secret_write(const char *path, const SmSecret *secret, uid_t *owner, GError **error)
{
    uid_t keeper = getuid() == 0 ? keeper_of(path) : 0;
    gboolean ok;

    if (keeper == 0)
        return write_as_we_are(path, secret, owner, error);
    /* Whoever owns a folder on the way may make a link of it, to any file that root can write. */
    ok = sm_secret_act_as(keeper)
             ? write_as_we_are(path, secret, owner, error)
             : sm_error_from_errno(error, SM_ERROR_DIRECTORY,
                                   "%s: root cannot act as uid %u, who owns it or its"
                                   " folder",
                                   path, (guint)keeper);
    return sm_secret_act_as(0) && ok;
}
