#include "fetch/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch/crypto/digest.h"
#include "fetch/store/fs.h"

enum { SUPERSEDED_MAX = 10000 }; /* numbers tried for an older version */

#define MUST_BE_FOLDER                                                                             \
    "cannot be opened; older versions go there: move away what is no folder of this user"

static SmStore *
store_new(int fd, char *directory)
{
    SmStore *store = g_new0(SmStore, 1);

    store->dir_fd = fd;
    store->directory = directory;
    store->folder_mode = 0700;
    store->group = (gid_t)-1;
    return store;
}

SmStore *
sm_store_open_at(const char *directory, GError **error)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return sm_error_null_errno(error, SM_ERROR_VOLUME,
                                   "directory %s (never created by scorefetch; is it mounted?)",
                                   directory);
    return store_new(fd, g_strdup(directory));
}

SmStore *
sm_store_open(const SmAccount *account, GError **error)
{
    SmStore *store = sm_store_open_at(account->directory, error);

    if (store == NULL) {
        g_prefix_error(error, "account %s: ", account->name);
        return NULL;
    }
    store->folder_mode = account->directory_mode;
    store->group = account->group;
    store->hand_over = account->on_stored != NULL;
    return store;
}

void
sm_store_close(SmStore *store)
{
    if (store == NULL)
        return;
    sm_close(&store->dir_fd);
    g_free(store->directory);
    g_free(store);
}

static gboolean
fail(SmStore *store, const char *name, const char *what, GError **error)
{
    return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s/%s: %s", store->directory, name,
                               what);
}

static int
open_to_read(SmStore *store, const char *name)
{
    return openat(store->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Syncs the file, whoever wrote it: a stored file must be on disk. */
static gboolean
measure(SmStore *store, const char *name, int fd, gint64 *size, char **sha256, GError **error)
{
    g_autoptr(SmDigest) digest = NULL;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(store, name, "cannot be read", error);
    if (!S_ISREG(st.st_mode))
        return sm_error_set(error, SM_ERROR_DIRECTORY, "%s/%s: not a regular file",
                            store->directory, name);
    digest = sm_digest_new(FALSE);
    if (!sm_digest_read(digest, fd))
        return fail(store, name, "cannot be read", error);
    if (!sm_fs_sync(fd))
        return fail(store, name, "fsync", error);
    *size = st.st_size;
    sm_digest_finish(digest, sha256, NULL);
    return TRUE;
}

gboolean
sm_store_measure(SmStore *store, const char *name, gint64 *size, char **sha256, GError **error)
{
    sm_autofd int fd = open_to_read(store, name);

    if (fd < 0)
        return fail(store, name, "cannot be read", error);
    return measure(store, name, fd, size, sha256, error);
}

SmMatch
sm_store_match(SmStore *store, const char *name, gint64 size, const char *sha256, GError **error)
{
    g_autofree char *found = NULL;
    sm_autofd int fd = -1;
    gint64 found_size;
    struct stat st;

    if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT)
            return SM_MATCH_ABSENT;
        fail(store, name, "cannot be examined", error);
        return SM_MATCH_ERROR;
    }
    /* Compares the size first: most differing files need not be read. */
    if (!S_ISREG(st.st_mode) || st.st_size != size)
        return SM_MATCH_OTHER;
    fd = open_to_read(store, name);
    if (fd < 0 && errno == EACCES)
        return SM_MATCH_OTHER; /* not ours: a retry could not read it, either */
    if (fd < 0) {
        fail(store, name, "cannot be read", error);
        return SM_MATCH_ERROR;
    }
    if (!measure(store, name, fd, &found_size, &found, error))
        return SM_MATCH_ERROR;
    return g_strcmp0(found, sha256) == 0 ? SM_MATCH_SAME : SM_MATCH_OTHER;
}

const char *
sm_store_stranger(const SmStore *store, const char *name)
{
    struct stat st;

    if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return NULL;
    switch (st.st_mode & S_IFMT) {
    case S_IFREG:
        return faccessat(store->dir_fd, name, R_OK, AT_EACCESS) < 0 ? "an unreadable file" : NULL;
    case S_IFDIR:
        return "a folder";
    case S_IFLNK:
        return "a symbolic link";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

char *
sm_store_identity(SmStore *store, const char *name)
{
    struct stat st;

    if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return NULL;
    /* without the device, whose number differs on each host that mounts a share */
    return g_strdup_printf("%ju:%jd:%jd.%09ld", (uintmax_t)st.st_ino, (intmax_t)st.st_size,
                           (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

char *
sm_store_mode(SmStore *store, const char *name, mode_t wanted)
{
    struct stat st;
    mode_t mode;

    if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return g_strdup("mode unknown");
    mode = st.st_mode & 07777;
    if ((mode & ~wanted) == 0)
        return g_strdup_printf("mode %04o", (guint)mode);
    return g_strdup_printf("mode %04o instead of file-mode %04o", (guint)mode, (guint)wanted);
}

gboolean
sm_store_exists(SmStore *store, const char *name)
{
    struct stat st;

    return fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

SmPlacing
sm_store_place(SmStore *store, const char *part, const char *name, GError **error)
{
    int fault = sm_fs_move(store->dir_fd, part, store->dir_fd, name, NULL) ? 0 : errno;

    if (fault == 0)
        return SM_PLACED;
    if (fault == EEXIST)
        return SM_PLACE_TAKEN;
    if (fault == ENOENT && !sm_store_exists(store, part))
        return SM_PLACE_NO_PART;
    errno = fault;
    fail(store, name, "cannot be renamed", error);
    return SM_PLACE_ERROR;
}

char *
sm_store_older_name(const char *name, gint64 number)
{
    return g_strdup_printf("%s.~%" G_GINT64_FORMAT "~", name, number);
}

static int
open_folder(const SmStore *store)
{
    return openat(store->dir_fd, SM_SUPERSEDED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Only warns: not every file system has modes and groups. */
static void
permit_folder(const SmStore *store, int folder)
{
    if (store->group != (gid_t)-1 && fchown(folder, (uid_t)-1, store->group) < 0)
        g_warning("%s/" SM_SUPERSEDED ": cannot be given to group %u: %s", store->directory,
                  store->group, g_strerror(errno));
    if (fchmod(folder, store->folder_mode) < 0) /* last, since a change of group may clear bits */
        g_warning("%s/" SM_SUPERSEDED ": directory-mode: %s", store->directory, g_strerror(errno));
}

static SmStore *
folder_new(const SmStore *store, int fd)
{
    return store_new(fd, g_build_filename(store->directory, SM_SUPERSEDED, NULL));
}

/* Opens the folder of older versions, and creates it if it is missing. */
static SmStore *
make_folder(SmStore *store, GError **error)
{
    gboolean made = mkdirat(store->dir_fd, SM_SUPERSEDED, 0700) == 0;
    int folder;

    if (!made && errno != EEXIST) {
        fail(store, SM_SUPERSEDED, "cannot be created", error);
        return NULL;
    }
    folder = open_folder(store);
    if (folder < 0) {
        fail(store, SM_SUPERSEDED, MUST_BE_FOLDER, error);
        return NULL;
    }
    if (made)
        permit_folder(store, folder);
    return folder_new(store, folder);
}

SmStore *
sm_store_open_superseded(SmStore *store, GError **error)
{
    int folder = open_folder(store);

    if (folder < 0) {
        if (errno != ENOENT)
            fail(store, SM_SUPERSEDED, MUST_BE_FOLDER, error);
        return NULL;
    }
    return folder_new(store, folder);
}

char *
sm_store_find_older(SmStore *store, const char *name, gint64 number, gint64 size,
                    const char *sha256)
{
    g_autoptr(SmStore) folder = sm_store_open_superseded(store, NULL);

    for (gint64 n = number; folder != NULL && n < number + SUPERSEDED_MAX; n++) {
        g_autofree char *kept = sm_store_older_name(name, n);

        switch (sm_store_match(folder, kept, size, sha256, NULL)) {
        case SM_MATCH_SAME:
            return g_build_filename(SM_SUPERSEDED, kept, NULL);
        case SM_MATCH_OTHER:
            continue;
        case SM_MATCH_ABSENT:
        case SM_MATCH_ERROR:
            return NULL;
        }
    }
    return NULL;
}

/* Whether a process that was killed has already kept the file under that name. */
static gboolean
is_kept(SmStore *store, const char *file, SmStore *folder, const char *kept)
{
    g_autofree char *sha256 = NULL;
    gint64 size = 0;

    return sm_fs_is_same(store->dir_fd, file, folder->dir_fd, kept) ||
           (sm_store_measure(store, file, &size, &sha256, NULL) &&
            sm_store_match(folder, kept, size, sha256, NULL) == SM_MATCH_SAME);
}

/* Keeps a file under the first free number from number on, unless one of them is this file. A link
 * leaves the file its name. FALSE with errno. */
static gboolean
take_number(SmStore *store, const char *file, gboolean link, SmStore *folder, const char *name,
            gint64 number)
{
    for (gint64 n = number; n < number + SUPERSEDED_MAX; n++) {
        g_autofree char *kept = sm_store_older_name(name, n);
        gboolean done = link ? linkat(store->dir_fd, file, folder->dir_fd, kept, 0) == 0
                             : sm_fs_move(store->dir_fd, file, folder->dir_fd, kept, NULL);

        if (done || errno != EEXIST)
            return done;
        /* Moved, but its inode changed: FUSE may change it with the name. */
        if (is_kept(store, file, folder, kept) || (!link && !sm_store_exists(store, file)))
            return TRUE;
    }
    return FALSE;
}

/* Makes a synced copy with the same mode and times, as far as the file system has them. */
static gboolean
copy_file(SmStore *store, const char *name, const char *copy)
{
    sm_autofd int from = open_to_read(store, name);
    sm_autofd int to =
        openat(store->dir_fd, copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat st;

    if (from < 0 || to < 0 || fstat(from, &st) < 0 || !sm_fs_copy(from, to))
        return FALSE;
    if (fchown(to, (uid_t)-1, st.st_gid) < 0 || fchmod(to, st.st_mode & 07777) < 0 ||
        futimens(to, (const struct timespec[]){st.st_atim, st.st_mtim}) < 0)
        g_info("%s/%s: its copy has another mode or time: %s", store->directory, name,
               g_strerror(errno));
    return sm_fs_sync(to) && sm_fs_close(&to);
}

static gboolean
keep_older(SmStore *store, const char *part, const char *name, gint64 number, GError **error)
{
    /* a name that only this part's process uses, and sm_sweep() knows */
    g_autofree char *copy = g_strdup_printf("%.*s.0.part", (int)strlen(part) - 5, part);
    g_autoptr(SmStore) folder = make_folder(store, error);

    if (folder == NULL || !sm_store_remove(store, copy, error))
        return FALSE;
    if (!take_number(store, name, TRUE, folder, name, number) &&
        !(sm_fs_lacks(errno) && copy_file(store, name, copy) &&
          take_number(store, copy, FALSE, folder, name, number))) {
        fail(store, name,
             "cannot be kept in " SM_SUPERSEDED ", where this user must be able to write", error);
        sm_store_remove(store, copy, NULL);
        return FALSE;
    }
    return sm_store_remove(store, copy, error) && sm_store_sync(folder, error);
}

gboolean
sm_store_overwrite(SmStore *store, const char *part, const char *name, GError **error)
{
    if (renameat(store->dir_fd, part, store->dir_fd, name) == 0)
        return TRUE;
    /* if a rename cannot replace; after a crash here the next run places the part */
    return ((errno == EEXIST || sm_fs_lacks(errno)) && unlinkat(store->dir_fd, name, 0) == 0 &&
            sm_fs_move(store->dir_fd, part, store->dir_fd, name, NULL)) ||
           fail(store, name, "cannot be replaced", error);
}

gboolean
sm_store_replace(SmStore *store, const char *part, const char *name, gint64 number, GError **error)
{
    return keep_older(store, part, name, number, error) &&
           sm_store_overwrite(store, part, name, error);
}

gboolean
sm_store_retire(SmStore *store, const char *part, const char *name, gint64 number, GError **error)
{
    return keep_older(store, part, name, number, error) && sm_store_remove(store, name, error);
}

static gboolean
sync_directory(gpointer data, GError **error)
{
    SmStore *store = data;

    return sm_fs_sync(store->dir_fd) || fail(store, "", "fsync", error);
}

gboolean
sm_store_sync(SmStore *store, GError **error)
{
    return sm_together(store->together, sync_directory, store, error);
}

gboolean
sm_store_remove(SmStore *store, const char *part, GError **error)
{
    return unlinkat(store->dir_fd, part, 0) == 0 || errno == ENOENT ||
           fail(store, part, "cannot be removed", error);
}
