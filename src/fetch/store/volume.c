#include "fetch/store/volume.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch/ledger/keys.h"
#include "fetch/ledger/lock.h"
#include "fetch/notes/hosts.h"
#include "fetch/store/fs.h"
#include "fetch/store/small.h"

enum {
    ID = 36,        /* characters of a boot id */
    ID_MODE = 0644, /* of the id's file: no secret, and another user may have to read it */
    WAIT = 30,      /* seconds to wait for another process that gives the directory its id */
};

typedef struct {
    unsigned long type;
    guint depth;
    unsigned long long id; /* 0: it has none */
    char boot[ID + 1];     /* in which id counts */
    int path;              /* where the directory begins in the text */
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

/* NULL and error if the file system cannot be examined. Caller frees. */
static char *
describe(const SmStore *store, GError **error)
{
    struct statfs fs;
    guint id[2];

    if (fstatfs(store->dir_fd, &fs) < 0)
        return sm_error_null_errno(error, SM_ERROR_DIRECTORY, "%s", store->directory);
    memcpy(id, &fs.f_fsid, sizeof id);
    return g_strdup_printf("%lx %u %08x%08x %.*s %s", (unsigned long)fs.f_type,
                           depth_of(store->dir_fd), id[0], id[1], ID, sm_fs_boot_id(),
                           store->directory);
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

#define VOLUME "volume" /* which differs on each machine */
#define DIRECTORY "id"

/* A key of what the ledger knows of the account's directory. */
static char *
key_of(const SmLedger *ledger, const char *what, const SmAccount *account)
{
    g_autofree char *key = g_strconcat(what, " of ", account->name, NULL);

    return strcmp(what, VOLUME) == 0 ? sm_hosts_own_key(ledger, key) : g_steal_pointer(&key);
}

static gboolean
look_up(SmLedger *ledger, const char *what, const SmAccount *account, char **value, GError **error)
{
    g_autofree char *key = key_of(ledger, what, account);

    return sm_keys_get(ledger, key, value, error);
}

static gboolean
remember(SmLedger *ledger, const char *what, const SmAccount *account, const char *value,
         GError **error)
{
    g_autofree char *key = key_of(ledger, what, account);

    return sm_keys_set(ledger, key, value, error);
}

static gboolean
refuse(const SmAccount *account, const char *why, GError **error)
{
    return sm_error_set(
        error, SM_ERROR_VOLUME,
        "directory %s %s: mount it, or if it was moved, run scorefetch adopt-directory"
        " -a %s",
        account->directory, why, account->name);
}

/* Whether the directory is where it was. *now: where it is; *before: where it was, NULL if unknown.
 */
static gboolean
compare_places(SmLedger *ledger, const SmAccount *account, const SmStore *store, char **now,
               char **before, GError **error)
{
    *now = describe(store, error);
    return *now != NULL && look_up(ledger, VOLUME, account, before, error) &&
           (*before == NULL || !is_other(*before, *now) ||
            refuse(account, "is on another file system than before", error));
}

/* *id: NULL where the directory has none. Caller frees. */
static gboolean
read_id(const SmStore *store, char **id, GError **error)
{
    if (!sm_small_read(store, SM_DIRECTORY_ID, id, error))
        return FALSE;
    if (*id == NULL || g_uuid_string_is_valid(g_strchomp(*id)))
        return TRUE;
    g_clear_pointer(id, g_free);
    return sm_error_set(error, SM_ERROR_DIRECTORY,
                        "%s/" SM_DIRECTORY_ID
                        ": is no id of scorefetch; remove it, if nobody needs it",
                        store->directory);
}

/* *known: NULL where the ledger knows none yet. Caller frees. */
static gboolean
compare_ids(SmLedger *ledger, const SmAccount *account, const SmStore *store, char **known,
            GError **error)
{
    g_autofree char *found = NULL;

    if (!look_up(ledger, DIRECTORY, account, known, error) || !read_id(store, &found, error))
        return FALSE;
    if (*known == NULL || g_strcmp0(*known, found) == 0)
        return TRUE;
    return refuse(account,
                  found == NULL ? "lacks the file " SM_DIRECTORY_ID ", by which the ledger knows it"
                                : "has another " SM_DIRECTORY_ID " than the ledger knows",
                  error);
}

/* Another process, even of another ledger, may have given it one meanwhile. */
static gboolean
give_id(SmStore *store, char **id, GError **error)
{
    g_autofree char *made = g_uuid_string_random();
    g_autofree char *line = g_strconcat(made, "\n", NULL);
    g_autoptr(GError) fault = NULL;

    if (!read_id(store, id, error))
        return FALSE;
    if (*id != NULL)
        return TRUE;
    sm_small_store(store, SM_DIRECTORY_ID, line, ID_MODE, NULL, &fault);
    if (!read_id(store, id, error))
        return FALSE;
    if (*id == NULL)
        g_propagate_error(error, g_steal_pointer(&fault));
    return *id != NULL;
}

/* Hosts that share a ledger must share the directory. */
static gboolean
has_id(const SmLedger *ledger, const SmAccount *account)
{
    return account->directory_id || sm_db_is_server(ledger->db);
}

/* Records the directory's id in the ledger; without adopt only if it has none. */
static gboolean
learn(SmLedger *ledger, const SmAccount *account, SmStore *store, gboolean adopt, GError **error)
{
    const gint64 byte = SM_LOCK_DIRECTORIES + g_str_hash(account->name);
    g_autofree char *known = NULL;
    g_autofree char *id = NULL;
    gboolean ok;

    if (!sm_lock_take(ledger, byte, WAIT, NULL, error))
        return FALSE;
    ok = adopt || compare_ids(ledger, account, store, &known, error);
    if (ok && known == NULL)
        ok = give_id(store, &id, error) && remember(ledger, DIRECTORY, account, id, error);
    sm_lock_drop(ledger, byte);
    return ok;
}

/* Compares the place if no id is known; *known: whether one is. */
static gboolean
compare(SmLedger *ledger, const SmAccount *account, const SmStore *store, gboolean *known,
        GError **error)
{
    g_autofree char *now = NULL;
    g_autofree char *before = NULL;
    g_autofree char *id = NULL;

    if (has_id(ledger, account) && !compare_ids(ledger, account, store, &id, error))
        return FALSE;
    *known = id != NULL;
    return *known || compare_places(ledger, account, store, &now, &before, error);
}

gboolean
sm_volume_compare(SmLedger *ledger, const SmAccount *account, const SmStore *store, GError **error)
{
    gboolean known;

    return compare(ledger, account, store, &known, error);
}

gboolean
sm_volume_check(SmLedger *ledger, const SmAccount *account, SmStore *store, GError **error)
{
    g_autofree char *now = NULL;
    g_autofree char *before = NULL;
    gboolean known;

    if (has_id(ledger, account))
        return compare(ledger, account, store, &known, error) &&
               (known || learn(ledger, account, store, FALSE, error));
    return compare_places(ledger, account, store, &now, &before, error) &&
           (g_strcmp0(before, now) == 0 || remember(ledger, VOLUME, account, now, error));
}

gboolean
sm_volume_adopt(SmLedger *ledger, const SmAccount *account, SmStore *store, GError **error)
{
    g_autofree char *now = describe(store, error);

    return now != NULL && remember(ledger, VOLUME, account, now, error) &&
           (!has_id(ledger, account) || learn(ledger, account, store, TRUE, error));
}
