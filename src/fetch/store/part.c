#include "fetch/store/part.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/crypto/digest.h"
#include "fetch/store/fs.h"

enum {
    PIECE = 512 * 1024,      /* bytes that are hashed at once */
    WRITE = 64 * 1024,       /* bytes of a write(): of more, ext4 makes folios that cost more */
    EARLY = 8 * 1024 * 1024, /* bytes after which writing to the disk starts */
    HEAD = 64,               /* bytes */
};

struct SmPart {
    int fd;
    const SmStore *store; /* NULL: a descriptor of the caller's, and no way back */
    char *file;           /* its name, from sm_part_show() on */
    gboolean named;
    char *shown; /* for messages */
    SmDigest *digest;
    gboolean sealing;
    SmSealTerms terms;
    SmSeal *seal; /* from the first piece on */
    gint64 sealed_size;
    char *sealed_sha256;
    gboolean written; /* complete: only compare what arrives now */
    gint64 size;      /* bytes, those in the buffer included */
    int first;        /* byte that is not blank */
    gsize headed;     /* bytes in head */
    char head[HEAD];
    gint64 begun; /* bytes that the disk has started to write */
    gsize fill;
    gsize used;     /* bytes of the buffers that were used: to be wiped */
    guint8 *buffer; /* that of the two which is filled now; the other one may still be hashed */
    guint8 buffers[2 * PIECE];
};

char *
sm_part_name(const char *name, gint64 number)
{
    return g_strdup_printf(".%s.%" G_GINT64_FORMAT ".part", name, number);
}

static SmPart *
new_part(int fd, char *shown, gboolean with_md5)
{
    SmPart *part = g_malloc(sizeof *part);

    memset(part, 0, offsetof(SmPart, buffers));
    part->buffer = part->buffers;
    part->fd = fd;
    part->shown = shown;
    part->digest = sm_digest_new(with_md5);
    part->first = -1;
    return part;
}

static SmPart *
new_part_in(const SmStore *store, const char *name, gint64 number, gboolean with_md5)
{
    g_autofree char *file = sm_part_name(name, number);
    SmPart *part = new_part(-1, g_build_filename(store->directory, file, NULL), with_md5);

    part->store = store;
    part->file = g_steal_pointer(&file);
    return part;
}

static gboolean
fail(const SmPart *part, const char *what, GError **error)
{
    return sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s%s", part->shown, what);
}

/* Creates the file; FALSE with errno if one exists, which is not ours then. */
static gboolean
make_named(SmPart *part, int *fd)
{
    *fd = openat(part->store->dir_fd, part->file,
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    part->named = *fd >= 0;
    return part->named;
}

/* White space, NUL, and the bytes of the marks that tell a byte order. */
static gboolean
is_blank(guint8 byte)
{
    return memchr(" \t\r\n\f\v\0\xef\xbb\xbf\xfe\xff", byte, 12) != NULL;
}

static void
note_beginning(SmPart *part, const guint8 *bytes, gsize length)
{
    gsize head = MIN(length, HEAD - part->headed);

    memcpy(part->head + part->headed, bytes, head);
    part->headed += head;
    for (gsize i = 0; i < length && part->first < 0; i++)
        if (!is_blank(bytes[i]))
            part->first = bytes[i];
}

SmPart *
sm_part_create(const SmStore *store, const char *name, gint64 number, GError **error)
{
    g_autoptr(SmPart) part = new_part_in(store, name, number, FALSE);

    part->fd = openat(store->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (part->fd < 0 && !make_named(part, &part->fd)) {
        const char *hint = sm_io_space_hint(store->directory);
        g_autofree char *what = g_strconcat(": cannot be created", hint, NULL);

        fail(part, what, error);
        return NULL;
    }
    return g_steal_pointer(&part);
}

SmPart *
sm_part_resume(const SmStore *store, const char *name, gint64 number, gboolean with_md5,
               GError **error)
{
    g_autoptr(SmPart) part = new_part_in(store, name, number, with_md5);
    struct stat st;
    ssize_t length;

    part->fd = openat(store->dir_fd, part->file, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (part->fd < 0 || fstat(part->fd, &st) < 0) {
        fail(part, "", error);
        return NULL;
    }
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
        return sm_error_null(error, SM_ERROR_DIRECTORY, "%s: not a regular file of ours",
                             part->shown);
    part->named = TRUE;
    part->used = PIECE;
    length = pread(part->fd, part->buffer, PIECE, 0);
    note_beginning(part, part->buffer, (gsize)MAX(length, 0));
    if (!sm_digest_read(part->digest, part->fd)) {
        fail(part, "", error);
        return NULL;
    }
    part->size = lseek(part->fd, 0, SEEK_CUR);
    return g_steal_pointer(&part);
}

SmPart *
sm_part_for_descriptor(int fd)
{
    return new_part(fd, g_strdup("output"), TRUE);
}

/* Without hard links: copies the content to another file, which has the name. */
static gboolean
show_copy(SmPart *part, GError **error)
{
    int fd;

    if (!make_named(part, &fd))
        return fail(part, ": cannot be created", error);
    if (!sm_fs_copy(part->fd, fd)) {
        sm_close(&fd);
        return fail(part, "", error);
    }
    sm_close(&part->fd);
    part->fd = fd;
    return TRUE;
}

gboolean
sm_part_show(SmPart *part, GError **error)
{
    g_autofree char *self = g_strdup_printf("/proc/self/fd/%d", part->fd);

    if (part->named || part->store == NULL)
        return TRUE;
    part->named = linkat(AT_FDCWD, self, part->store->dir_fd, part->file, AT_SYMLINK_FOLLOW) == 0;
    return part->named || show_copy(part, error);
}

gboolean
sm_part_is_shown(const SmPart *part)
{
    return part->named;
}

gboolean
sm_part_remove(SmPart *part, GError **error)
{
    if (part->named && part->fd >= 0)
        sm_close(&part->fd); /* first: some file systems recreate it at a later close */
    if (part->named && unlinkat(part->store->dir_fd, part->file, 0) < 0 && errno != ENOENT)
        return fail(part, ": cannot be removed", error);
    part->named = FALSE;
    return TRUE;
}

void
sm_part_seal(SmPart *part, const SmSealTerms *terms)
{
    part->sealing = TRUE;
    part->terms = *terms;
}

void
sm_part_free(SmPart *part)
{
    if (part == NULL)
        return;
    g_clear_pointer(&part->seal, sm_seal_free);
    if (part->store != NULL)
        sm_close(&part->fd);
    g_free(part->sealed_sha256);
    sm_digest_free(part->digest);
    explicit_bzero(part->buffers, part->used); /* students' data */
    explicit_bzero(part->head, sizeof part->head);
    g_free(part->shown);
    g_free(part->file);
    g_free(part);
}

gint64
sm_part_size(const SmPart *part)
{
    return part->size;
}

int
sm_part_first_byte(const SmPart *part)
{
    return part->first;
}

const char *
sm_part_head(const SmPart *part, gsize *length)
{
    *length = part->headed;
    return part->head;
}

void
sm_part_doubt(SmPart *part)
{
    part->written = part->store == NULL;
}

gboolean
sm_part_start_over(SmPart *part, gboolean with_md5, GError **error)
{
    if (part->store == NULL && part->size > 0 && !part->written)
        return sm_error_set(
            error, SM_ERROR_IO,
            "%s: the download must start over, but its beginning is already written out; "
            "run it again",
            part->shown);
    g_clear_pointer(&part->seal, sm_seal_free);
    if (part->store != NULL && (part->size > 0 || part->sealing) &&
        (ftruncate(part->fd, 0) < 0 || lseek(part->fd, 0, SEEK_SET) < 0))
        return fail(part, "", error);
    part->size = 0;
    part->begun = 0;
    part->fill = 0;
    part->first = -1;
    part->headed = 0;
    sm_digest_free(part->digest);
    part->digest = sm_digest_new(with_md5);
    return TRUE;
}

static gboolean
write_out(SmPart *part, const guint8 *buffer, gsize length, GError **error)
{
    for (gsize at = 0; at < length && !part->written; at += WRITE)
        if (!sm_write_all(part->fd, buffer + at, MIN(length - at, WRITE)))
            return sm_error_from_errno(
                error, part->store == NULL ? SM_ERROR_IO : SM_ERROR_DIRECTORY, "%s", part->shown);
    return TRUE;
}

/* Starts gpg only once there is data: most requests for a corrected file bring none. */
static gboolean
seal(SmPart *part, const guint8 *buffer, gsize length, GError **error)
{
    if (part->seal == NULL)
        part->seal = sm_seal_new(&part->terms, part->fd, part->shown, error);
    return part->seal != NULL && sm_seal_write(part->seal, buffer, length, error);
}

static gboolean
flush(SmPart *part, GError **error)
{
    if (part->fill == PIECE)
        sm_digest_update_beside(part->digest, part->buffer, PIECE);
    else /* most files are less than one piece, not worth a thread */
        sm_digest_update(part->digest, part->buffer, part->fill);
    if (!(part->sealing ? seal : write_out)(part, part->buffer, part->fill, error))
        return FALSE;
    if (part->fill == PIECE) /* else nobody hashes it any more, and used tells of no other buffer */
        part->buffer = part->buffers + (part->buffer == part->buffers ? PIECE : 0);
    part->fill = 0;
    /* leaves little for the fsync at the end */
    if (part->store != NULL && !part->sealing && part->size - part->begun >= EARLY) {
        sm_fs_begin_writing(part->fd, part->begun, part->size - part->begun);
        part->begun = part->size;
    }
    return TRUE;
}

gboolean
sm_part_write(SmPart *part, const void *data, gsize length, GError **error)
{
    const guint8 *from = data;

    note_beginning(part, from, length);
    part->used = MIN(part->used + length, sizeof part->buffers);
    while (length > 0) {
        gsize piece = MIN(length, PIECE - part->fill);

        memcpy(part->buffer + part->fill, from, piece);
        part->fill += piece;
        part->size += (gint64)piece;
        from += piece;
        length -= piece;
        if (part->fill == PIECE && !flush(part, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
sm_part_has_room(const SmPart *part, gint64 size, GError **error)
{
    struct statvfs fs;

    if (part->store == NULL || fstatvfs(part->fd, &fs) < 0 ||
        fs.f_blocks == 0 || /* some FUSE file systems do not say */
        (guint64)size <= (guint64)fs.f_bavail * fs.f_frsize)
        return TRUE;
    errno = ENOSPC; /* fail before the transfer, not after an hour */
    return sm_error_from_errno(error, SM_ERROR_DIRECTORY,
                               "%s: %" G_GINT64_FORMAT " bytes do not fit on its file system",
                               part->shown, size);
}

gboolean
sm_part_finish(SmPart *part, char **sha256, char **md5, GError **error)
{
    if (!flush(part, error))
        return FALSE;
    if (part->sealing) {
        g_clear_pointer(&part->sealed_sha256, g_free);
        if (!sm_seal_finish(part->seal, &part->sealed_size, &part->sealed_sha256, error))
            return FALSE;
    }
    sm_digest_finish(part->digest, sha256, md5);
    return TRUE;
}

gint64
sm_part_lines(const SmPart *part)
{
    return sm_digest_lines(part->digest);
}

gboolean
sm_part_sealed(SmPart *part, gint64 *size, char **sha256)
{
    if (!part->sealing)
        return FALSE;
    *size = part->sealed_size;
    *sha256 = g_steal_pointer(&part->sealed_sha256);
    return TRUE;
}

static gboolean
bring_to_disk(const SmPart *part, mode_t mode, gid_t group, GError **error)
{
    if (group != (gid_t)-1 && fchown(part->fd, (uid_t)-1, group) < 0)
        return sm_error_from_errno(error, SM_ERROR_DIRECTORY,
                                   "%s: cannot change its group to %u (add uid %u to it)",
                                   part->shown, (guint)group, (guint)geteuid());
    if (fchmod(part->fd, mode) < 0)
        g_warning("%s: file-mode: %s", part->shown, g_strerror(errno));
    return sm_fs_sync(part->fd) || fail(part, ": fsync", error);
}

gboolean
sm_part_sync(SmPart *part, mode_t mode, gid_t group, GError **error)
{
    int fd = part->fd;

    /* in this order the disk has no name that the ledger on it lacks */
    return bring_to_disk(part, mode, group, error) && sm_part_show(part, error) &&
           (part->fd == fd /* else a copy, not synced yet */ ||
            bring_to_disk(part, mode, group, error)) &&
           (sm_fs_close(&part->fd) || fail(part, ": close", error));
}
