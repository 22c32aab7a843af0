#include "filter/load.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build-config.h"
#include "common/base/startup.h"

const void *
sm_load(const char *file, const char *symbol, char **why)
{
    /* By its path and no run path: the loader refuses $ORIGIN to a caller whose real and effective
     * user differ, as Dovecot 2.4's LMTP. */
    char *path = sm_startup_companion(file);
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    const char *const *version = handle != NULL ? dlsym(handle, symbol) : NULL;
    int made;

    free(path);
    if (version != NULL && strcmp(*version, SM_VERSION) == 0)
        return version;
    if (version == NULL)
        made = asprintf(why, "cannot load %s (is scoremail installed completely?): %s", file,
                        dlerror());
    else
        made = asprintf(why, "%s is of version %s, not " SM_VERSION ": install scoremail anew",
                        file, *version);
    if (made < 0)
        abort(); /* as GLib does without memory */
    return NULL;
}
