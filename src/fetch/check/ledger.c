#include "fetch/check/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/error.h"
#include "fetch/check/places.h"
#include "fetch/ledger/schema.h"

#define SPACE_WANTED ((guint64)20 * 1000 * 1000) /* for the ledger and the files beside it */

static void
say_none(SmCheck *check, const char *path)
{
    g_autofree char *place = sm_check_nearest(path);
    GError *fault = NULL;

    if (faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS) < 0)
        sm_check_say(check, SM_CHECK_FAILURE, "ledger", NULL,
                     "%s: does not exist and cannot be created in %s: %s", path, place,
                     g_strerror(errno));
    else if (!sm_ledger_is_local(place, &fault))
        sm_check_say_fault(check, SM_CHECK_FAILURE, "ledger", NULL, fault);
    else
        sm_check_say(check, SM_CHECK_OK, "ledger", NULL,
                     "%s: does not exist yet; the first file creates it", path);
}

/* What lies beside it must be ours as well: root may have left it. */
static gboolean
owns_companions(SmCheck *check, const char *path)
{
    g_autofree char *lock = sm_ledger_lock_file(path);
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    g_autofree char *shm = g_strconcat(path, "-shm", NULL);
    const char *const files[] = {lock, wal, shm};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        struct stat about;

        if (stat(files[i], &about) < 0 || about.st_uid == geteuid())
            continue;
        sm_check_say(check, SM_CHECK_FAILURE, "ledger", NULL,
                     "%s is owned by uid %u; as root, run chown %u %s", files[i],
                     (guint)about.st_uid, (guint)geteuid(), files[i]);
        return FALSE;
    }
    return TRUE;
}

/* Who can open the lock can hold it, for ever. */
static void
check_lock(SmCheck *check, const char *ledger)
{
    g_autofree char *lock = sm_ledger_lock_file(ledger);
    struct stat about;

    if (stat(lock, &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        sm_check_say(check, SM_CHECK_WARNING, "ledger", NULL,
                     "%s: others can open it and lock everyone out (mode %04o); run chmod 600 %s",
                     lock, (guint)about.st_mode & 07777, lock);
}

static void
say_version(SmCheck *check, const char *path, gint64 version, const char *space)
{
    gint64 newest = sm_ledger_schema_newest();

    if (version > newest)
        sm_check_say(check, SM_CHECK_FAILURE, "ledger", NULL,
                     "%s: made by a newer version (schema %d, this is %d); upgrade scorefetch",
                     path, (int)version, (int)newest);
    else if (version < newest)
        sm_check_say(check, SM_CHECK_OK, "ledger", NULL,
                     "%s, schema %d, intact; the next use upgrades it to %d and keeps a copy", path,
                     (int)version, (int)newest);
    else
        sm_check_say(check, SM_CHECK_OK, "ledger", NULL, "%s, schema %d, intact, %s free", path,
                     (int)version, space);
}

void
sm_check_ledger(SmCheck *check, const SmAccount *none)
{
    const char *path = check->config->ledger;
    GError *fault = NULL;
    g_autofree char *space = NULL;
    struct stat about;
    gint64 version;

    if (stat(path, &about) < 0 && errno == ENOENT) {
        say_none(check, path);
        return;
    }
    if (!owns_companions(check, path))
        return;
    check->seen = sm_ledger_inspect(path, &version, &fault);
    if (check->seen == NULL) {
        sm_check_say_fault(check, SM_CHECK_FAILURE, "ledger", NULL, fault);
        return;
    }
    if (version < 1 || version > sm_ledger_schema_newest())
        g_clear_pointer(&check->seen, sm_ledger_close);
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        sm_check_say(
            check, SM_CHECK_WARNING, "ledger", NULL,
            "%s: readable by others, with names and fingerprints (mode %04o); run chmod 600 %s",
            path, (guint)about.st_mode & 07777, path);
    check_lock(check, path);
    sm_check_folder(check, "ledger", NULL, path);
    if (sm_check_space(check, "ledger", NULL, path, SPACE_WANTED, &space))
        say_version(check, path, version, space);
}
