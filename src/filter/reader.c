#include "filter/reader.h"

#include <dlfcn.h>
#include <string.h>

#include "build-config.h"
#include "common/base/error.h"

#define FILE_NAME "scoremail-reader.so"

/*
 * Beside the program, as in the build folder; else where the installation puts it, seen from the
 * program, since what is installed may be moved into a package. By its path and no run path: the
 * loader refuses $ORIGIN to a caller whose real and effective user differ, as Dovecot 2.4's LMTP.
 */
static void *
open_file(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self != NULL ? self : SM_BINDIR "/scoremail");
    g_autofree char *beside = g_build_filename(folder, FILE_NAME, NULL);
    g_autofree char *installed =
        g_path_is_absolute(SM_LIBEXECDIR)
            ? g_build_filename(SM_LIBEXECDIR, FILE_NAME, NULL)
            : g_build_filename(folder, "..", SM_LIBEXECDIR, FILE_NAME, NULL);
    gboolean is_beside = g_file_test(beside, G_FILE_TEST_EXISTS);

    return dlopen(is_beside ? beside : installed, RTLD_LAZY | RTLD_LOCAL);
}

const SmReader *
sm_reader_load(GError **error)
{
    void *file = open_file();
    const SmReader *reader = file != NULL ? dlsym(file, "sm_reader") : NULL;

    if (reader == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                    "cannot load the reader (is scoremail installed completely?): %s", dlerror());
    } else if (strcmp(reader->version, SM_VERSION) != 0) {
        g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                    FILE_NAME " is of version %s, not " SM_VERSION ": install scoremail anew",
                    reader->version);
        reader = NULL;
    }
    return reader;
}
