/* A file that a person names for output, outside of any account: whole under its name, or not
 * there, and nothing is overwritten that was not to be. */
#pragma once

#include "fetch/store/part.h"
#include "fetch/store/store.h"

typedef struct {
    const char *path;
    gboolean force; /* a file of that name is replaced */
    SmStore *store; /* its directory */
    SmPart *part;   /* to be written and finished by the caller */
    char *file, *part_name;
} SmOutput;

/*
 * Begins the file at path, which must live as long. SM_ERROR_USAGE for no name or one
 * that ends with /, SM_ERROR_CONFLICT where a file is there (with force: where that is no regular
 * file), SM_ERROR_VOLUME, SM_ERROR_DIRECTORY.
 */
gboolean sm_output_begin(SmOutput *output, const char *path, gboolean force, GError **error);

/*
 * Gives the part, which is finished and has these bytes, its mode and name, and brings it to the
 * disk. SM_ERROR_CONFLICT where another file is there by now, SM_ERROR_DIRECTORY.
 */
gboolean sm_output_place(SmOutput *output, mode_t mode, gint64 size, const char *sha256,
                         GError **error);

/* Removes what was not placed, and frees what output has in it. */
void sm_output_clear(SmOutput *output);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmOutput, sm_output_clear)
