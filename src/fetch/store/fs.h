/*
 * Hides differences between file systems: shares (SMB, NFS), FUSE and FAT may lack hard links,
 * renames that never replace, or fsync of directories, and some ignore case. Failures set errno.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_FS_RENAMES, /* by a rename that never replaces */
    SM_FS_LINKS,   /* by a hard link, then without the old name */
    SM_FS_LOOKS,   /* by a look that nothing is there, then a rename, which replaces a file created
                      between the two */
} SmFsWay;

/*
 * Whether errno says that the file system lacks an operation, not that it failed. FUSE says EIO for
 * some.
 */
gboolean sm_fs_lacks(int error);

/*
 * Renames without replacing: FALSE with EEXIST if to exists. way, which may be NULL: how it was
 * done, or tried last.
 */
gboolean sm_fs_move(int from_dir, const char *from, int to_dir, const char *to, SmFsWay *way);

/* fsync; TRUE also if the file system has none for this kind of file. */
gboolean sm_fs_sync(int fd);

/* Starts to write bytes of fd to the disk, without waiting; a hint. */
void sm_fs_begin_writing(int fd, gint64 from, gint64 length);

/* Closes fd and sets it to -1: some file systems write only now, and report errors only here. */
gboolean sm_fs_close(int *fd);

/* Appends the content of from to to. */
gboolean sm_fs_copy(int from, int to);

/* Whether the file that name opens has exactly that spelling in the directory. */
gboolean sm_fs_is_spelled(int dir_fd, const char *name);

/* The kernel's id of this boot; if it has none, one of this process. Static. */
const char *sm_fs_boot_id(void);

/* Whether two names are the same file. */
gboolean sm_fs_is_same(int dir_fd, const char *name, int other_fd, const char *other);
