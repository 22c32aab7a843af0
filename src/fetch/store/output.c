#include "fetch/store/output.h"

#include "fetch/rows/updates.h"

gboolean
sm_output_begin(SmOutput *output, const char *path, gboolean force, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);
    gint64 number = sm_file_new_part();

    if (*path == '\0' || g_str_has_suffix(path, "/"))
        return sm_error_set(error, SM_ERROR_USAGE, "output \"%s\" names no file; add its name",
                            path);
    *output = (SmOutput){.path = path, .force = force, .file = g_path_get_basename(path)};
    output->part_name = sm_part_name(output->file, number);
    output->store = sm_store_open_at(directory, error);
    if (output->store == NULL)
        return FALSE;
    if (sm_store_exists(output->store, output->file)) {
        gboolean regular = g_file_test(path, G_FILE_TEST_IS_REGULAR);

        if (!regular || !force)
            return sm_error_set(error, SM_ERROR_CONFLICT,
                                regular ? "%s already exists (--force overwrites it)"
                                        : "%s is not a regular file; not replaced",
                                path);
    }
    output->part = sm_part_create(output->store, output->file, number, error);
    return output->part != NULL;
}

/* Gives the part its name; only force replaces an existing file. */
static gboolean
give_name(SmOutput *output, gint64 size, const char *sha256, GError **error)
{
    SmStore *store = output->store;
    SmPlacing placing = SM_PLACED;
    GError *fault = NULL;

    if (output->force && !sm_store_overwrite(store, output->part_name, output->file, error))
        return FALSE;
    if (!output->force)
        placing = sm_store_place(store, output->part_name, output->file, &fault);
    if (!sm_error_pass(error, fault))
        return FALSE;
    if (placing == SM_PLACED ||
        sm_store_match(store, output->file, size, sha256, NULL) == SM_MATCH_SAME)
        return sm_store_remove(store, output->part_name, error) && sm_store_sync(store, error);
    if (placing == SM_PLACE_NO_PART)
        sm_error_set(error, SM_ERROR_DIRECTORY,
                     "%s: somebody took the unfinished file away; run it again", output->path);
    else
        sm_error_set(error, SM_ERROR_CONFLICT, "%s already exists (--force overwrites it)",
                     output->path);
    return FALSE;
}

gboolean
sm_output_place(SmOutput *output, mode_t mode, gint64 size, const char *sha256, GError **error)
{
    if (!sm_part_sync(output->part, mode, (gid_t)-1, error) ||
        !give_name(output, size, sha256, error))
        return FALSE;
    g_clear_pointer(&output->part, sm_part_free);
    return TRUE;
}

void
sm_output_clear(SmOutput *output)
{
    if (output->part != NULL)
        sm_part_remove(output->part, NULL);
    g_clear_pointer(&output->part, sm_part_free);
    sm_store_close(output->store);
    g_free(output->file);
    g_free(output->part_name);
}
