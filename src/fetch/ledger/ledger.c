#include "fetch/ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/text.h"
#include "common/config/places.h"
#include "fetch/database/schema.h"
#include "fetch/host/memory.h"
#include "fetch/ledger/lock.h"

enum {
    SCHEMA_WAIT = 5, /* seconds */
    DETAIL_MAX = 500,
};

gint64
sm_ledger_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static gboolean
owned_by_other(const char *path, uid_t owner, GError **error)
{
    const struct passwd *user = getpwuid(owner);

    return sm_error_set(error, SM_ERROR_OWNER,
                        "%s belongs to user %s; %srun runuser -u %s -- scorefetch ...", path,
                        user != NULL ? user->pw_name : "(unknown)",
                        geteuid() == 0 ? "" : "as root, ", user != NULL ? user->pw_name : "USER");
}

/* Whether the directory is another user's: root would leave files there that the owner cannot open,
 * and others cannot create any. */
static gboolean
is_closed_to_us(const char *directory, uid_t owner)
{
    return owner != geteuid() &&
           (geteuid() == 0 || faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0);
}

/* The status of path, or of the nearest existing folder above it. Caller frees its name. */
static char *
nearest(const char *path, struct stat *st)
{
    char *what = g_strdup(path);

    while (stat(what, st) < 0 && strcmp(what, "/") != 0 && strcmp(what, ".") != 0) {
        char *above = g_path_get_dirname(what);

        g_free(what);
        what = above;
    }
    return what;
}

gboolean
sm_ledger_is_ours(const char *path, GError **error)
{
    struct stat st = {.st_uid = geteuid()};
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *what = nearest(path, &st);
    gboolean closed = FALSE;

    if (sm_place_is_server(path))
        return TRUE;
    if (strcmp(what, path) == 0)
        closed = st.st_uid != geteuid();
    else if (strcmp(what, directory) == 0 || geteuid() == 0) /* mkdir tells others more */
        closed = is_closed_to_us(what, st.st_uid);
    return !closed || owned_by_other(what, st.st_uid, error);
}

/* SQLite cannot trust a network file system's locks and memory maps. */
gboolean
sm_ledger_is_local(const char *path, GError **error)
{
    static const long network[] = {NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC, 0xff534d42 /* cifs */,
                                   0xfe534d42 /* smb2 */, V9FS_MAGIC,      AFS_SUPER_MAGIC,
                                   CEPH_SUPER_MAGIC};
    g_autofree char *place = nearest(path, &(struct stat){0});
    struct statfs fs;

    if (sm_place_is_server(path))
        return TRUE;
    /* before SQLite creates files beside it that cannot be written, either */
    if (access(path, W_OK) < 0 && errno != ENOENT)
        return sm_error_from_errno(error, SM_ERROR_LEDGER, "ledger %s", path);
    if (statfs(place, &fs) < 0)
        return sm_error_from_errno(error, SM_ERROR_LEDGER, "place of the ledger, %s", place);
    for (gsize i = 0; i < G_N_ELEMENTS(network); i++)
        if ((guint32)fs.f_type == (guint32)network[i])
            return sm_error_set(error, SM_ERROR_LEDGER,
                                "ledger %s: on a network file system; set `ledger` to a local path",
                                path);
    return TRUE;
}

static int
open_lock_file(const char *path, GError **error)
{
    g_autofree char *file = sm_db_lock_file(path);

    return sm_open_regular(file, O_RDWR | O_CREAT | O_NOFOLLOW, SM_ERROR_LEDGER,
                           "the ledger's lock file", error);
}

static gboolean
is_current(SmLedger *ledger)
{
    gint64 version = 0;

    return sm_db_schema(ledger->db, &version, NULL) && version == SM_SCHEMA_VERSION;
}

static gboolean
prepare(SmLedger *ledger, GError **error)
{
    g_autoptr(GError) held = NULL;
    gboolean ready;
    gint64 version;

    /* 64 processes at once on a new file: without this lock one fails at journal_mode. */
    if (!sm_lock_take(ledger, SM_LOCK_SCHEMA, SCHEMA_WAIT, NULL, &held) &&
        (!g_error_matches(held, SM_ERROR, SM_ERROR_BUSY) || !is_current(ledger))) {
        g_propagate_prefixed_error(error, g_steal_pointer(&held),
                                   "ledger %s: ", sm_db_path(ledger->db));
        return FALSE;
    }
    /* first: another program's database stays as it is */
    ready = sm_db_schema(ledger->db, &version, error) &&
            (sm_db_is_server(ledger->db) ||
             sm_db_exec(ledger->db,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        " PRAGMA temp_store = MEMORY",
                        error)) &&
            sm_ledger_schema_ensure(ledger->db, error);
    if (held == NULL)
        sm_lock_drop(ledger, SM_LOCK_SCHEMA);
    return ready;
}

static SmLedger *
ledger_new(const char *where, const char *password, const char *command)
{
    SmLedger *ledger = g_new0(SmLedger, 1);

    ledger->lock_fd = -1;
    ledger->where = g_strdup(where);
    ledger->command = command;
    if (password != NULL) {
        ledger->password = sm_secret_alloc(strlen(password) + 1);
        memcpy(ledger->password, password, strlen(password));
    }
    return ledger;
}

static gboolean
open_file(SmLedger *ledger, SmLedgerUse use, GError **error)
{
    const char *path = ledger->where;
    g_autofree char *directory = g_path_get_dirname(path);

    if (!sm_ledger_is_ours(path, error))
        return FALSE;
    if (use == SM_LEDGER_CREATE && g_mkdir_with_parents(directory, 0700) < 0)
        return sm_error_from_errno(error, SM_ERROR_LEDGER, "directory of the ledger, %s",
                                   directory);
    if (!sm_ledger_is_local(path, error))
        return FALSE;
    ledger->lock_fd = open_lock_file(path, error);
    if (ledger->lock_fd < 0)
        return FALSE;
    ledger->db = sm_db_open(path, use == SM_LEDGER_CREATE ? SM_DB_CREATE : SM_DB_WRITE, error);
    return ledger->db != NULL;
}

/* *none: it has no tables, and use does not allow to create them. Takes no lock if they are
 * current. */
static gboolean
open_server(SmLedger *ledger, SmLedgerUse use, gboolean *none, GError **error)
{
    gint64 version;

    ledger->db = sm_db_connect(ledger->where, ledger->password, error);
    if (ledger->db == NULL || !sm_db_schema(ledger->db, &version, error))
        return FALSE;
    *none = use == SM_LEDGER_LOOK && version == 0;
    return *none || version == SM_SCHEMA_VERSION || prepare(ledger, error);
}

SmLedger *
sm_ledger_open(const char *path, const char *password, SmLedgerUse use, const char *command,
               GError **error)
{
    g_autoptr(SmLedger) ledger = ledger_new(path, password, command);
    gboolean none = FALSE, ok;

    if (sm_place_is_server(path))
        ok = open_server(ledger, use, &none, error);
    else if (use == SM_LEDGER_LOOK && access(path, F_OK) < 0 && errno == ENOENT)
        return NULL;
    else
        ok = open_file(ledger, use, error) && prepare(ledger, error);
    return ok && !none ? g_steal_pointer(&ledger) : NULL;
}

SmLedger *
sm_ledger_share(const SmLedger *ledger, SmTogether *together, GError **error)
{
    g_autoptr(SmLedger) shared = NULL;

    if (sm_db_is_server(ledger->db))
        return sm_ledger_open(ledger->where, ledger->password, SM_LEDGER_CREATE, ledger->command,
                              error);
    shared = ledger_new(ledger->where, NULL, ledger->command);
    shared->lock_fd = open_lock_file(ledger->where, error);
    if (shared->lock_fd < 0)
        return NULL;
    shared->db = sm_db_share(ledger->db);
    shared->together = together;
    sm_db_defer(shared->db, TRUE);
    return g_steal_pointer(&shared);
}

SmLedger *
sm_ledger_inspect(const char *path, const char *password, gint64 *version, GError **error)
{
    g_autoptr(SmLedger) ledger = ledger_new(path, NULL, "");
    g_autoptr(SmDb) another = NULL;

    if (!sm_ledger_is_local(path, error))
        return NULL;
    /* opened for writing, or SQLite would leave files behind; nothing is written */
    ledger->db = sm_place_is_server(path) ? sm_db_connect(path, password, error)
                                          : sm_db_open(path, SM_DB_WRITE, error);
    if (sm_db_is_server(ledger->db)) /* a pooler shows only beside another session */
        another = sm_db_connect(path, password, NULL);
    if (ledger->db == NULL || !sm_db_schema(ledger->db, version, error) ||
        !sm_db_verify(ledger->db, error) ||
        (*version > 0 && *version <= SM_SCHEMA_VERSION &&
         !sm_ledger_schema_is_whole(ledger->db, *version, error)))
        return NULL;
    return g_steal_pointer(&ledger);
}

SmLedger *
sm_ledger_open_empty(GError **error)
{
    g_autoptr(SmLedger) ledger = ledger_new(":memory:", NULL, "");

    ledger->db = sm_db_open(":memory:", SM_DB_CREATE, error);
    if (ledger->db == NULL || !sm_ledger_schema_ensure(ledger->db, error))
        return NULL;
    return g_steal_pointer(&ledger);
}

gboolean
sm_ledger_defer(SmLedger *ledger, gboolean defer)
{
    return !sm_db_is_server(ledger->db) && sm_db_defer(ledger->db, defer);
}

static gboolean
sync_database(gpointer data, GError **error)
{
    return sm_db_sync(data, error);
}

gboolean
sm_ledger_sync(SmLedger *ledger, GError **error)
{
    return sm_together(ledger->together, sync_database, ledger->db, error);
}

void
sm_ledger_close(SmLedger *ledger)
{
    if (ledger == NULL)
        return;
    sm_db_close(ledger->db);
    g_clear_pointer(&ledger->hung, g_hash_table_unref);
    sm_close(&ledger->lock_fd);
    g_free(ledger->where);
    if (ledger->password != NULL)
        sm_secret_release(ledger->password, strlen(ledger->password) + 1);
    g_free(ledger);
}

gboolean
sm_ledger_log(SmLedger *ledger, const char *account, const char *name, const char *action,
              const char *detail, GError **error)
{
    g_autofree char *clean = sm_text_clean(detail, DETAIL_MAX);

    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO log (at, account, name, action, detail, uid, command)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "issssis", sm_ledger_now(), account, name, action, clean, (gint64)getuid(),
                     ledger->command);
}
