/* Places on disk: whose they are, who else can get at them, how much room there is. */
#pragma once

#include <sys/stat.h>

#include "fetch/check/check.h"

/*
 * Adds a warning where others than its owner could put something else in the
 * place of path, since they may write to the folder it lies in. Whether they could.
 */
gboolean sm_check_folder(SmCheck *check, const char *item, const SmAccount *account,
                         const char *path);

/*
 * Adds a warning where others than root and our user could write to path itself: a group that is
 * neither ours nor allowed (-1: none is), everyone, or another owner. Whether they could.
 */
gboolean sm_check_writers(SmCheck *check, const char *item, const SmAccount *account,
                          const char *path, gid_t allowed);

/*
 * Adds a finding where the file system that path lies on has room for less than
 * so many bytes, or for few more files. Otherwise *text, which the caller frees,
 * tells how much there is, as "12.3 GB free".
 */
gboolean sm_check_space(SmCheck *check, const char *item, const SmAccount *account,
                        const char *path, guint64 wanted, char **text);

/* path, or the nearest folder above it that is there, or that nobody can tell of. Caller frees. */
char *sm_check_nearest(const char *path);

/* "owner scoremail, mode 0700". Caller frees. */
char *sm_check_describe(const struct stat *about);
