/*
 * What file systems do differently, evened out: shares (SMB, NFS), FUSE and FAT
 * lack hard links, renames that never replace, or an fsync of directories, and
 * some take two names that differ in case only for one. Failures are told by errno.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_FS_RENAMES, /* by a rename that never replaces */
    SM_FS_LINKS,   /* by a hard link, then without the old name */
    SM_FS_LOOKS,   /* by a look that nothing is there, then a rename: a file that comes between
                      the two is replaced */
} SmFsWay;

/*
 * Whether errno says that the file system cannot do what was asked for, rather
 * than that it failed. FUSE says EIO for some of it.
 */
gboolean sm_fs_lacks(int error);

/*
 * Renames without replacing: FALSE with EEXIST where to is there. way, which may
 * be NULL: how it was done, or tried last.
 */
gboolean sm_fs_move(int from_dir, const char *from, int to_dir, const char *to, SmFsWay *way);

/* fsync; TRUE too where the file system has no such thing for what fd is. */
gboolean sm_fs_sync(int fd);

/* Has the disk begin with bytes of fd that were written, without waiting for it; a hint. */
void sm_fs_begin_writing(int fd, gint64 from, gint64 length);

/* Closes and forgets fd: some file systems write only now, and say so if they cannot. */
gboolean sm_fs_close(int *fd);

/* Appends all that from holds to to. */
gboolean sm_fs_copy(int from, int to);

/* Whether a file that name leads to in the directory is spelled so, in the same case. */
gboolean sm_fs_is_spelled(int dir_fd, const char *name);

/* The kernel's id of this boot; where it says none, one of this process. Static. */
const char *sm_fs_boot_id(void);

/* Whether two names lead to one file. */
gboolean sm_fs_is_same(int dir_fd, const char *name, int other_fd, const char *other);
