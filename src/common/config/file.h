/*
 * The files of the configuration: where they are, whether their owner and mode
 * let them be trusted, and their text split into groups.
 */
#pragma once

#include <glib.h>

/*
 * The text of one file, which the caller frees. SM_ERROR_CONFIG and NULL where it cannot be opened,
 * is no regular file, is larger than 1 MiB, belongs to somebody else than us or root, or is
 * writable by group or others: owner and mode are those of the open descriptor.
 */
GString *sm_config_read_text(const char *path, GError **error);

/*
 * Reads file, and accounts.d/ *.conf beside it in byte order, into one array of
 * SmConfigGroup (lines.h), which it frees. SM_ERROR_CONFIG and NULL where
 * file cannot be read, as above, or is no text. For one of accounts.d, or
 * the folder as such, such an error is added to broken, and the others are read.
 */
GPtrArray *sm_config_read_files(const char *file, GPtrArray *broken, GError **error);
