/* Reading and writing files, folders and pipes. */
#pragma once

#include <dirent.h>

#include <glib.h>

/* Writes all size bytes. FALSE with errno. */
gboolean sm_write_all(int fd, const void *data, gsize size);

/*
 * Opens the file at path, for flags as open(2) has them; one that O_CREAT makes has the mode 0600.
 * What is there and no regular file (a FIFO, a device, a folder) is not opened, and
 * nothing is waited for. -1 with the SM_ERROR_ code, after what and the path. The caller closes it.
 */
int sm_open_regular(const char *path, int flags, int code, const char *what, GError **error);

/* A pipe: *out is read from, without waiting, *in is written to. FALSE with errno; the caller
 * closes both. */
gboolean sm_open_pipe(int *out, int *in);

/* The folder that fd is open on, from its beginning; fd stays as it is. NULL with errno. */
DIR *sm_open_folder(int fd);

/* What explains errno, where it is ENOSPC and path's file system has free blocks, but no inode
 * left; "" else. Keeps errno. Static. */
const char *sm_io_space_hint(const char *path);

/* Flushes standard output. TRUE, too, if its reader has closed it; SM_ERROR_IO if it cannot be
 * written. */
gboolean sm_io_flush(GError **error);

/* For atexit(), too, since GLib's --help calls exit(): flushes standard output; ends the program
 * with EX_IOERR, and a line on standard error, if it cannot be written. */
void sm_io_end(void);
