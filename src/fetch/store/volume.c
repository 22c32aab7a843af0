#include "fetch/store/volume.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch/ledger/keys.h"

enum { ID = 36 }; /* characters of a boot id */

typedef struct {
    unsigned long type;
    guint depth;
    unsigned long long id; /* 0: it has none */
    char boot[ID + 1];     /* in which id counts */
    int path;              /* where in the text the directory stands */
} Volume;

/* File systems between a directory and the root. */
static guint
depth_of(int dir_fd)
{
    sm_autofd int fd = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat here, above;
    guint depth = 0;

    while (fd >= 0 && fstat(fd, &here) == 0) {
        int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

        sm_close(&fd);
        fd = up;
        if (fd < 0 || fstat(fd, &above) < 0 ||
            (above.st_dev == here.st_dev && above.st_ino == here.st_ino))
            break;
        depth += above.st_dev != here.st_dev ? 1 : 0;
    }
    return depth;
}

/* NULL and error where the file system says nothing. Caller frees. */
static char *
describe(const SmStore *store, GError **error)
{
    g_autofree char *boot = NULL;
    struct statfs fs;
    guint id[2];

    if (fstatfs(store->dir_fd, &fs) < 0) {
        sm_error_from_errno(error, SM_ERROR_DIRECTORY, "%s", store->directory);
        return NULL;
    }
    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
        boot = g_uuid_string_random(); /* unknown: like no other */
    memcpy(id, &fs.f_fsid, sizeof id);
    return g_strdup_printf("%lx %u %08x%08x %.*s %s", (unsigned long)fs.f_type,
                           depth_of(store->dir_fd), id[0], id[1], ID, boot, store->directory);
}

static gboolean
parse(const char *text, Volume *volume)
{
    return sscanf(text, "%lx %u %llx %36s %n", &volume->type, &volume->depth, &volume->id,
                  volume->boot, &volume->path) == 4;
}

static gboolean
is_other(const char *before, const char *now)
{
    Volume a, b;

    if (!parse(before, &a) || !parse(now, &b) || strcmp(before + a.path, now + b.path) != 0)
        return FALSE; /* another directory is configured */
    return a.type != b.type || a.depth != b.depth ||
           (strcmp(a.boot, b.boot) == 0 && a.id != 0 && b.id != 0 && a.id != b.id);
}

static char *
key_of(const char *account)
{
    return g_strconcat("volume of ", account, NULL);
}

/* Whether the directory is where it was; *now, and *before unless it is not known: where. */
static gboolean
compare(SmLedger *ledger, const char *account, const SmStore *store, char **now, char **before,
        GError **error)
{
    g_autofree char *key = key_of(account);

    *now = describe(store, error);
    if (*now == NULL || !sm_keys_get(ledger, key, before, error))
        return FALSE;
    if (*before == NULL || !is_other(*before, *now))
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_DIRECTORY,
                "directory %s is on another file system than before: mount it, or if it was moved,"
                " run scorefetch adopt-directory -a %s",
                store->directory, account);
    return FALSE;
}

static gboolean
remember(SmLedger *ledger, const char *account, const char *now, GError **error)
{
    g_autofree char *key = key_of(account);

    return sm_keys_set(ledger, key, now, error);
}

gboolean
sm_volume_compare(SmLedger *ledger, const char *account, const SmStore *store, GError **error)
{
    g_autofree char *now = NULL;
    g_autofree char *before = NULL;

    return compare(ledger, account, store, &now, &before, error);
}

gboolean
sm_volume_check(SmLedger *ledger, const char *account, const SmStore *store, GError **error)
{
    g_autofree char *now = NULL;
    g_autofree char *before = NULL;

    return compare(ledger, account, store, &now, &before, error) &&
           (g_strcmp0(before, now) == 0 || remember(ledger, account, now, error));
}

gboolean
sm_volume_adopt(SmLedger *ledger, const char *account, const SmStore *store, GError **error)
{
    g_autofree char *now = describe(store, error);

    return now != NULL && remember(ledger, account, now, error);
}
