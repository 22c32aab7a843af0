/* scorefetch backup: a consistent copy of the ledger, while others work with it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch/commands/commands.h"

/* A copy is no copy before it has been read. */
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

    if (!sync_path(copy, 0) || link(copy, path) < 0 || !sync_path(directory, O_DIRECTORY))
        return sm_error_from_errno(error, SM_ERROR_IO, "backup %s", path);
    return TRUE;
}

/* Said of the copy, which SQLite's own words would blame the ledger for. */
static gboolean
check_directory(const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);

    if (access(directory, W_OK | X_OK) == 0)
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_DIRECTORY,
                "%s: no file can be made in its directory (%s): name one elsewhere", path,
                g_strerror(errno));
    return FALSE;
}

static gboolean
make(SmSession *session, const char *path, GError **error)
{
    SmLedger *ledger = session->ledger;
    g_autofree char *copy = g_strdup_printf("%s.%d.part", path, (int)getpid());
    gboolean ok =
        sm_db_copy(ledger->db, copy, error) && verify(copy, error) && give_name(copy, path, error);

    unlink(copy);
    return ok && sm_ledger_log(ledger, "", "", "backed up", path, error);
}

static int
backup(SmSession *session, gpointer values, char **arguments, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(arguments[0], NULL);

    if (g_file_test(path, G_FILE_TEST_EXISTS))
        g_set_error(error, SM_ERROR, SM_ERROR_USAGE,
                    "%s is there already: name another file, or move it away", path);
    else if (session->ledger == NULL)
        g_set_error(error, SM_ERROR, SM_ERROR_LEDGER, "there is no ledger %s yet",
                    session->config->ledger);
    else if (check_directory(path, error) && make(session, path, error))
        g_message("%s: a copy of %s", path, session->config->ledger);
    return EX_OK;
}

const SmCommand sm_command_backup = {
    .name = "backup",
    .usage = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Copy the ledger to a new file, whoever works with it meanwhile",
    .needs = SM_NEEDS_CONFIG | SM_NEEDS_LOOK,
    .run = backup,
};
