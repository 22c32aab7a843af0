/*
 * The score files: those of a folder, and single ones. Each call looks them up
 * again, so that they may come, change and go while the emulator runs. What needs
 * a whole read (MD5, number of lines) is kept until the file changes. Safe to use
 * from several threads.
 */
#pragma once

#include <glib.h>

typedef struct SmFiles SmFiles;

typedef struct {
    char *name;
    int fd; /* open for reading; -1 in a listing */
    guint64 size;
    gint64 modified; /* seconds since 1970 */
    char *md5;       /* of the contents, lower-case hex */
    guint64 lines;
} SmFile;

/* folder may be NULL or missing; single: NULL-terminated paths, may be NULL. Both must live as
 * long.
 */
SmFiles *sm_files_new(const char *folder, const char *const *single);

/* Frees files. */
void sm_files_free(SmFiles *files);

/*
 * Whether each single file can be served now: there, readable, a plain file, with
 * a name that a call can have. SM_ERROR_IO for the first that cannot.
 */
gboolean sm_files_check_single(SmFiles *files, GError **error);

/* Whether there is any source of files at all. */
gboolean sm_files_configured(const SmFiles *files);

/* Opens the file of that name; NULL if there is none. */
SmFile *sm_files_open(SmFiles *files, const char *name);

/* All files, by name. */
GPtrArray *sm_files_list(SmFiles *files);

/* Frees file. */
void sm_file_free(SmFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmFiles, sm_files_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmFile, sm_file_free)
