#include "fetch/check/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config/places.h"
#include "fetch/check/places.h"
#include "fetch/database/schema.h"
#include "fetch/service/secret.h"

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
        sm_check_say_fault(check, "ledger", NULL, fault);
    else
        sm_check_say(check, SM_CHECK_OK, "ledger", NULL,
                     "%s: does not exist yet; the first file creates it", path);
}

/* What lies beside it must be ours as well: root may have left it. */
static gboolean
owns_companions(SmCheck *check, const char *path)
{
    g_autofree char *lock = sm_db_lock_file(path);
    g_autofree char *wal = g_strconcat(path, "-wal", NULL);
    g_autofree char *shm = g_strconcat(path, "-shm", NULL);
    const char *const files[] = {lock, wal, shm};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        struct stat about;

        if (stat(files[i], &about) == 0 && about.st_uid != geteuid())
            return sm_check_say(check, SM_CHECK_FAILURE, "ledger", NULL,
                                "%s is owned by uid %u; as root, run chown %u %s", files[i],
                                (guint)about.st_uid, (guint)geteuid(), files[i]);
    }
    return TRUE;
}

/* Who can open the lock can hold it, for ever. */
static void
check_lock(SmCheck *check, const char *ledger)
{
    g_autofree char *lock = sm_db_lock_file(ledger);
    struct stat about;

    if (stat(lock, &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        sm_check_say(check, SM_CHECK_WARNING, "ledger", NULL,
                     "%s: others can open it and lock everyone out (mode %04o); run chmod 600 %s",
                     lock, (guint)about.st_mode & 07777, lock);
}

static void
say_version(SmCheck *check, const char *path, gint64 version, const char *space)
{
    gint64 newest = SM_SCHEMA_VERSION;

    if (version > newest)
        sm_check_say(check, SM_CHECK_FAILURE, "ledger", NULL,
                     "%s: made by a newer version (schema %d, this is %d); upgrade scorefetch",
                     path, (int)version, (int)newest);
    else if (version < newest)
        sm_check_say(check, SM_CHECK_OK, "ledger", NULL,
                     "%s, schema %d, intact; the next use upgrades it to %d%s", path, (int)version,
                     (int)newest, space != NULL ? " and keeps a copy" : "");
    else
        sm_check_say(check, SM_CHECK_OK, "ledger", NULL, "%s, schema %d, intact%s%s%s", path,
                     (int)version, space != NULL ? ", " : "", space != NULL ? space : "",
                     space != NULL ? " free" : "");
}

/* What is on a server is its own check's matter, but for the version of the tables. */
static void
check_server(SmCheck *check, const char *place)
{
    g_autoptr(SmSecret) secret = NULL;
    GError *fault = NULL;
    gint64 version;

    if (sm_secret_read_ledger(check->config, &secret, &fault))
        check->seen = sm_ledger_inspect(place, secret != NULL ? sm_secret_text(secret) : NULL,
                                        &version, &fault);
    if (check->seen == NULL) {
        sm_check_say_fault(check, "ledger", NULL, fault);
        return;
    }
    if (version == 0)
        sm_check_say(check, SM_CHECK_OK, "ledger", NULL,
                     "%s: has no tables yet; the first file creates them",
                     sm_db_path(check->seen->db));
    else
        say_version(check, sm_db_path(check->seen->db), version, NULL);
    if (version < 1 || version > SM_SCHEMA_VERSION)
        g_clear_pointer(&check->seen, sm_ledger_close);
}

void
sm_check_ledger(SmCheck *check, const SmAccount *none)
{
    const char *path = check->config->ledger;
    GError *fault = NULL;
    g_autofree char *space = NULL;
    struct stat about;
    gint64 version;

    if (sm_place_is_server(check->config->ledger)) {
        check_server(check, path);
        return;
    }
    if (stat(path, &about) < 0 && errno == ENOENT) {
        say_none(check, path);
        return;
    }
    if (!owns_companions(check, path))
        return;
    check->seen = sm_ledger_inspect(path, NULL, &version, &fault);
    if (check->seen == NULL) {
        sm_check_say_fault(check, "ledger", NULL, fault);
        return;
    }
    if (version < 1 || version > SM_SCHEMA_VERSION)
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
