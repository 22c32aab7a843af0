#include "common/event/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/event/wake.h"

enum { HASH_LENGTH = 32 };

int
sm_spool_open(const char *directory, GError **error)
{
    int fd;

    /* The site's has an owner and a group that we could not give it. */
    if (strcmp(directory, SM_SITE_SPOOL) != 0)
        g_mkdir_with_parents(directory, 0700);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        sm_error_set(error, SM_ERROR_IO,
                     "spool %s: uid %u has no access; add that user to the spool's group",
                     directory, (guint)geteuid());
    else if (fd < 0 && errno == ENOENT)
        sm_error_set(
            error, SM_ERROR_IO,
            "spool %s does not exist and cannot be created; run systemd-tmpfiles --create, "
            "or set spool",
            directory);
    else if (fd < 0)
        sm_error_from_errno(error, SM_ERROR_IO, "spool %s", directory);
    return fd;
}

static char *
name_for(GBytes *bytes)
{
    g_autofree char *hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);

    return g_strdup_printf("%u-%.*s" SM_SPOOL_SUFFIX, (guint)geteuid(), HASH_LENGTH, hash);
}

/* 0640: the worker reads it by the spool's group or, where other members may not, by the ACL that
 * the spool gives to what is made in it. */
static gboolean
write_whole(int fd, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    return sm_write_all(fd, data, size) && fchmod(fd, 0640) == 0 && fsync(fd) == 0;
}

/* Whether our own earlier copy, whole since it has the name, is there. */
static gboolean
is_there(int spool, const char *name)
{
    struct stat about;

    return fstatat(spool, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode) &&
           about.st_uid == geteuid();
}

/* Never over another file: whose name is taken keeps the mail (75) until the worker has cleared it
 * away. */
static gboolean
give_name(int spool, const char *temporary, const char *name)
{
    /* some file systems have only the one, some only the other */
    if (linkat(spool, temporary, spool, name, 0) == 0 ||
        (errno != EEXIST && renameat2(spool, temporary, spool, name, RENAME_NOREPLACE) == 0))
        return TRUE;
    if (errno != EEXIST)
        return FALSE;
    errno = EEXIST;
    return is_there(spool, name);
}

SmSpoolUse
sm_spool_use(int folder, uid_t user)
{
    g_autoptr(DIR) dir = sm_open_folder(folder);
    SmSpoolUse use = {0, 0};
    struct dirent *entry;
    struct stat about;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISDIR(about.st_mode) && about.st_uid == user) {
            use.files++;
            use.bytes += about.st_size;
        }
    return use;
}

/* Whether one event more of our user is not too much. */
static gboolean
has_room(int spool, const char *directory, gsize size, GError **error)
{
    SmSpoolUse use = sm_spool_use(spool, geteuid());

    if (use.files < SM_SPOOL_FILES_MAX && use.bytes + (gint64)size <= SM_SPOOL_BYTES_MAX)
        return TRUE;
    return sm_error_set(error, SM_ERROR_IO,
                        "spool %s: uid %u has %" G_GINT64_FORMAT
                        " files in it, as much as one user may; "
                        "does scorefetch run take them over?",
                        directory, (guint)geteuid(), use.files);
}

static gboolean
put(int spool, const char *name, GBytes *bytes)
{
    g_autofree char *temporary = g_strdup_printf(".%s.%08x.tmp", name, g_random_int());
    sm_autofd int fd =
        openat(spool, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gboolean ok = fd >= 0 && write_whole(fd, bytes) && give_name(spool, temporary, name);
    int saved = errno;

    if (fd >= 0)
        unlinkat(spool, temporary, 0);
    errno = saved;
    return ok && fsync(spool) == 0;
}

gboolean
sm_spool_put(const char *directory, const SmEvent *event, GError **error)
{
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    g_autofree char *name = name_for(bytes);
    sm_autofd int spool = sm_spool_open(directory, error);

    if (spool < 0 ||
        (!is_there(spool, name) && !has_room(spool, directory, g_bytes_get_size(bytes), error)))
        return FALSE;
    if (!put(spool, name, bytes))
        return sm_error_from_errno(error, SM_ERROR_IO, "spool %s%s", directory,
                                   sm_io_space_hint(directory));
    sm_wake(SM_SITE_WAKE);
    return TRUE;
}

char *
sm_spool_hide(int spool, const char *name)
{
    g_autofree char *hidden =
        g_strdup_printf(SM_SPOOL_HIDDEN "%08x%08x", g_random_int(), g_random_int());

    return renameat(spool, name, spool, hidden) == 0 ? g_steal_pointer(&hidden) : NULL;
}

void
sm_spool_make_way(int spool, const char *name, mode_t type)
{
    g_autofree char *hidden = NULL;
    struct stat about;

    if (fstatat(spool, name, &about, AT_SYMLINK_NOFOLLOW) < 0 ||
        (about.st_uid == geteuid() && (about.st_mode & S_IFMT) == type))
        return;
    hidden = sm_spool_hide(spool, name);
    if (hidden != NULL)
        g_warning("spool: %s of uid %u was in the way; renamed to %s", name, (guint)about.st_uid,
                  hidden);
}

gboolean
sm_spool_beat(int spool, const char *kept, GError **error)
{
    gsize size = kept != NULL ? strlen(kept) : 0;
    sm_autofd int fd = -1;

    sm_spool_make_way(spool, SM_SPOOL_HEARTBEAT, S_IFREG);
    fd = openat(spool, SM_SPOOL_HEARTBEAT,
                O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
    /* written over, and shortened only then: whoever reads it meanwhile finds the names in it */
    if (fd < 0 || fchmod(fd, 0644) < 0 ||
        (kept != NULL && (!sm_write_all(fd, kept, size) || ftruncate(fd, (off_t)size) < 0)) ||
        futimens(fd, NULL) < 0)
        return sm_error_from_errno(error, SM_ERROR_IO, "the worker's heartbeat in the spool");
    return TRUE;
}

gint64
sm_spool_last_beat(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, SM_SPOOL_HEARTBEAT, NULL);
    struct stat spool, beat;

    /* Others can make a file here, but not as the spool's owner. */
    if (stat(directory, &spool) < 0 || lstat(path, &beat) < 0 || !S_ISREG(beat.st_mode) ||
        beat.st_uid != spool.st_uid)
        return 0;
    return (gint64)beat.st_mtime;
}

/* The names that the last beat left in it. Caller frees. */
static GStrv
kept_by_worker(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, SM_SPOOL_HEARTBEAT, NULL);
    g_autofree char *text = NULL;

    if (sm_spool_last_beat(directory) == 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return g_new0(char *, 1);
    return g_strsplit(text, "\n", -1);
}

gint64
sm_spool_count(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    gint64 count = 0;
    const char *name;

    if (dir == NULL)
        return access(directory, F_OK) < 0 && errno == ENOENT ? 0 : -1;
    while ((name = g_dir_read_name(dir)) != NULL)
        if (*name != '.' && g_str_has_suffix(name, SM_SPOOL_SUFFIX))
            count++;
    return count;
}

gint64
sm_spool_untaken(const char *directory, guint interval, gint64 now)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    g_auto(GStrv) kept = kept_by_worker(directory);
    gint64 oldest = now;
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        struct stat about;

        if (*name != '.' && g_str_has_suffix(name, SM_SPOOL_SUFFIX) &&
            !g_strv_contains((const char *const *)kept, name) && lstat(path, &about) == 0)
            oldest = MIN(oldest, (gint64)about.st_mtime);
    }
    return now - oldest > 2 * (gint64)interval ? oldest : 0;
}

gboolean
sm_spool_beat_is_fresh(gint64 beat, guint interval, gint64 now)
{
    /* From the future, too: where a clock was stepped back, the worker is as alive as before. */
    return ABS(now - beat) <= 2 * (gint64)interval;
}

gboolean
sm_spool_is_worked(const char *directory, guint interval, gint64 now)
{
    return sm_spool_beat_is_fresh(sm_spool_last_beat(directory), interval, now) &&
           sm_spool_untaken(directory, interval, now) == 0;
}
