/* A file that a person names for output, outside of any account: complete under its name, or
 * absent; replaces a file only on request. */
#pragma once

#include "fetch/store/part.h"
#include "fetch/store/store.h"

typedef struct {
    const char *path;
    gboolean force; /* replace a file of that name */
    SmStore *store; /* its directory */
    SmPart *part;   /* the caller writes and finishes it */
    char *file, *part_name;
} SmOutput;

/*
 * Begins the file at path, which must live as long. SM_ERROR_USAGE for an empty name or one that
 * ends with /, SM_ERROR_CONFLICT for an existing file (with force: if it is not a regular file),
 * SM_ERROR_VOLUME, SM_ERROR_DIRECTORY.
 */
gboolean sm_output_begin(SmOutput *output, const char *path, gboolean force, GError **error);

/*
 * Gives the finished part, which has these bytes, its mode and name, and syncs it.
 * SM_ERROR_CONFLICT if another file has the name by now, SM_ERROR_DIRECTORY.
 */
gboolean sm_output_place(SmOutput *output, mode_t mode, gint64 size, const char *sha256,
                         GError **error);

/* Removes what was not placed, and frees the members. */
void sm_output_clear(SmOutput *output);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmOutput, sm_output_clear)
