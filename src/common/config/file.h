/*
 * The files of the configuration: where they are, whether their owner and mode
 * let them be trusted, and their text split into groups.
 */
#pragma once

#include <glib.h>

/*
 * Reads file, and accounts.d/ *.conf beside it in byte order, into one array of
 * SmConfigGroup (lines.h), which it frees. SM_ERROR_CONFIG and NULL where
 * file cannot be opened, is no regular file, is larger than 1 MiB, belongs to
 * somebody else than us or root, is writable by group or others, or is no text.
 * The owner and mode are those of the open descriptor. For one of accounts.d, or
 * the folder as such, such an error is added to broken, and the others are read.
 */
GPtrArray *sm_config_read_files(const char *file, GPtrArray *broken, GError **error);
