/*
 * Small files of our own in a destination directory, under hidden names: stored
 * as any other file is, whole or not at all, and never in place of another.
 */
#pragma once

#include "fetch/store/fs.h"
#include "fetch/store/store.h"

/*
 * Stores text as name, with that mode and store's group, on the disk. way, if not NULL: how it got
 * its name. What a process that was killed leaves of it, sm_sweep() removes. SM_ERROR_DIRECTORY,
 * also where a file of that name is there.
 */
gboolean sm_small_store(SmStore *store, const char *name, const char *text, mode_t mode,
                        SmFsWay *way, GError **error);

/* Reads a small file of text, a plain one; *text is NULL where there is none. Caller frees.
 * SM_ERROR_DIRECTORY. */
gboolean sm_small_read(const SmStore *store, const char *name, char **text, GError **error);
