/*
 * scorefetch backup: a consistent copy of the ledger, while others work with it; ledger copy: moves
 * the ledger to another database.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/config/places.h"
#include "fetch/commands/commands.h"
#include "fetch/ledger/copy.h"

/* A copy counts only after it has been read back. */
static gboolean
verify(const char *copy, GError **error)
{
    g_autoptr(SmDb) db = sm_db_open(copy, SM_DB_READ, error);

    if (db != NULL && sm_db_verify(db, error))
        return TRUE;
    g_prefix_error(error, "the copy cannot be used, is the ledger sound? ");
    return FALSE;
}

static gboolean
sync_path(const char *path, int flags)
{
    sm_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

    return fd >= 0 && fsync(fd) == 0;
}

/* Gives the copy its name, which must not be another file's, and brings both to the disk. */
static gboolean
give_name(const char *copy, const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);

    if (sync_path(copy, 0) && link(copy, path) == 0 && sync_path(directory, O_DIRECTORY))
        return TRUE;
    return sm_error_from_errno(error, errno == EEXIST ? SM_ERROR_CONFLICT : SM_ERROR_IO,
                               "backup %s", path);
}

/* The error names the copy; SQLite's own text would blame the ledger. */
static gboolean
check_directory(const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);

    if (access(directory, W_OK | X_OK) == 0)
        return TRUE;
    return sm_error_set(error, SM_ERROR_DIRECTORY,
                        "%s: cannot create a file in its directory (%s); choose another", path,
                        g_strerror(errno));
}

/* A copy that was begun, and not ended: nothing is in it yet, or a database. */
static gboolean
is_our_part(const char *path)
{
    static const char magic[] = "SQLite format 3";
    sm_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char head[sizeof magic] = "";
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_size == 0 || (read(fd, head, sizeof head) == (ssize_t)sizeof head &&
                                memcmp(head, magic, sizeof magic) == 0));
}

/* Removes what backups that were killed have left in the folder: NAME.PID.part of no process. */
static void
sweep(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *part = g_build_filename(folder, name, NULL);
        g_auto(GStrv) words = g_strsplit(name, ".", -1);
        guint count = g_strv_length(words);
        guint64 pid = 0;

        if (count >= 3 && g_str_equal(words[count - 1], "part") &&
            g_ascii_string_to_unsigned(words[count - 2], 10, 1, G_MAXINT32, &pid, NULL) &&
            kill((pid_t)pid, 0) < 0 && errno == ESRCH && is_our_part(part))
            unlink(part);
    }
}

static gboolean
make(SmSession *session, const char *path, GError **error)
{
    SmLedger *ledger = session->ledger;
    g_autofree char *copy = g_strdup_printf("%s.%d.part", path, (int)getpid());
    g_autofree char *folder = g_path_get_dirname(path);
    gboolean ok;

    sweep(folder);
    ok = (sm_db_is_server(ledger->db) ? sm_ledger_copy_to_file(ledger->db, copy, error)
                                      : sm_db_copy(ledger->db, copy, error)) &&
         verify(copy, error) && give_name(copy, path, error);

    unlink(copy);
    return ok && sm_ledger_log(ledger, "", "", "backed up", path, error) &&
           sm_db_compact(ledger->db, error);
}

static gboolean
is_there(const SmSession *session, GError **error)
{
    if (session->ledger == NULL)
        sm_error_set(error, SM_ERROR_LEDGER, "ledger %s does not exist yet",
                     session->config->ledger);
    return session->ledger != NULL;
}

static int
backup(SmSession *session, gpointer values, char **arguments, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(arguments[0], NULL);

    if (g_file_test(path, G_FILE_TEST_EXISTS))
        sm_error_set(error, SM_ERROR_CONFLICT,
                     "%s already exists; choose another file, or move it away", path);
    else if (is_there(session, error) && check_directory(path, error) && make(session, path, error))
        g_message("%s: a copy of %s", path, session->config->ledger);
    return EX_OK;
}

static gboolean
copy(SmSession *session, const char *where, GError **error)
{
    g_autofree char *place =
        sm_place_is_server(where) ? g_strdup(where) : g_canonicalize_filename(where, NULL);
    SmConfig target = *session->config;
    g_autoptr(SmLedger) to = NULL;
    SmCopied copied;

    if (!is_there(session, error))
        return FALSE;
    target.ledger = place;
    to = sm_session_ledger(session, &target, SM_LEDGER_CREATE, error);
    if (to == NULL || !sm_ledger_copy(session->ledger->db, to->db, &copied, error))
        return FALSE;
    g_message("copied %" G_GINT64_FORMAT " rows from %s to %s, and found the same there (SHA-256 "
              "%.16s); now set ledger = %s",
              copied.rows, sm_db_path(session->ledger->db), sm_db_path(to->db), copied.hash, place);
    return TRUE;
}

static int
ledger(SmSession *session, gpointer values, char **arguments, GError **error)
{
    if (strcmp(arguments[0], "copy") != 0)
        sm_error_set(error, SM_ERROR_USAGE,
                     "ledger: unknown action; allowed: scorefetch ledger copy TO");
    else
        copy(session, arguments[1], error);
    return EX_OK;
}

const SmCommand sm_command_backup = {
    .name = "backup",
    .usage = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Copy the ledger to a new file, while others use it",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LOOK,
    .run = backup,
};

const SmCommand sm_command_ledger = {
    .name = "ledger",
    .usage = "copy TO",
    .least = 2,
    .most = 2,
    .summary = "Copy the ledger to an empty one, a file or a server's",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LOOK,
    .run = ledger,
};
