#include "filter/reader.h"

#include <dlfcn.h>
#include <string.h>

#include "build-config.h"
#include "common/base/error.h"
#include "common/base/startup.h"

#define FILE_NAME "scoremail-reader.so"

const SmReader *
sm_reader_load(GError **error)
{
    /* By its path and no run path: the loader refuses $ORIGIN to a caller whose real and effective
     * user differ, as Dovecot 2.4's LMTP. */
    g_autofree char *path = sm_startup_companion(FILE_NAME);
    void *file = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    const SmReader *reader = file != NULL ? dlsym(file, "sm_reader") : NULL;

    if (reader == NULL) {
        sm_error_set(error, SM_ERROR_INTERNAL,
                     "cannot load the reader (is scoremail installed completely?): %s", dlerror());
    } else if (strcmp(reader->version, SM_VERSION) != 0) {
        sm_error_set(error, SM_ERROR_INTERNAL,
                     FILE_NAME " is of version %s, not " SM_VERSION ": install scoremail anew",
                     reader->version);
        reader = NULL;
    }
    return reader;
}
