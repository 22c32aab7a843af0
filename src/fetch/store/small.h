/*
 * Small files of our own in a destination directory, with hidden names: stored like score files,
 * complete or not at all, and never replacing another.
 */
#pragma once

#include "fetch/store/fs.h"
#include "fetch/store/store.h"

/*
 * Stores text as name, with that mode and store's group, and syncs it. way, if not NULL: how it got
 * its name. sm_sweep() removes what a killed process leaves. SM_ERROR_DIRECTORY, also for an
 * existing file.
 */
gboolean sm_small_store(SmStore *store, const char *name, const char *text, mode_t mode,
                        SmFsWay *way, GError **error);

/* Reads a small text file; *text is NULL if it does not exist. Caller frees. SM_ERROR_DIRECTORY. */
gboolean sm_small_read(const SmStore *store, const char *name, char **text, GError **error);
