#include "filter/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/base/io.h"
#include "common/base/startup.h"

#define PROGRAM "scorefetch"

/* Sealed, so that nobody else who has it open can change what has been validated. */
static gboolean
make_stdin(const SmEvent *event, GError **error)
{
    g_autoptr(GBytes) bytes = sm_event_encode(event);
    sm_autofd int fd = memfd_create("scoremail-event", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    if (fd < 0 || !sm_write_all(fd, data, size) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ||
        lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0)
        return sm_error_from_errno(error, SM_ERROR_INTERNAL, "the event cannot be handed over");
    return TRUE;
}

static GPtrArray *
arguments(const SmHandover *handover)
{
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, (gpointer)PROGRAM);
    g_ptr_array_add(argv, (gpointer) "deliver");
    if (handover->config != NULL) {
        g_ptr_array_add(argv, (gpointer) "-c");
        g_ptr_array_add(argv, (gpointer)handover->config);
    }
    if (handover->defer_for != NULL) {
        g_ptr_array_add(argv, (gpointer) "--defer-for");
        g_ptr_array_add(argv, (gpointer)handover->defer_for);
    }
    if (handover->lacking != NULL) {
        g_ptr_array_add(argv, (gpointer) "--sandbox-lacking");
        g_ptr_array_add(argv, (gpointer)handover->lacking);
    }
    if (handover->dry_run)
        g_ptr_array_add(argv, (gpointer) "-n");
    if (handover->verbose)
        g_ptr_array_add(argv, (gpointer) "-v");
    if (handover->quiet)
        g_ptr_array_add(argv, (gpointer) "-q");
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* In the folder of this program, wherever it was installed or built. NULL without /proc. */
static char *
path_beside(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname(self) : NULL;

    return folder != NULL ? g_build_filename(folder, PROGRAM, NULL) : NULL;
}

/* Starts path --version with nothing to read and nobody who hears it. An error's number, or 0. */
static int
spawn_version(const char *path, pid_t *pid)
{
    static const char *const argv[] = {PROGRAM, "--version", NULL};
    posix_spawn_file_actions_t actions;
    int fault;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
    fault = posix_spawn(pid, path, &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return fault;
}

/*
 * Whether it comes as far as its own main(): once it has taken our place, a
 * library that is missing, or a file that an upgrade has cut off, would end it
 * with a code for which mail systems return the message.
 */
static gboolean
starts(const char *path, GError **error)
{
    int status, fault;
    pid_t pid;

    fault = spawn_version(path, &pid);
    if (fault != 0) {
        errno = fault;
        return sm_error_from_errno(error, SM_ERROR_INTERNAL,
                                   "cannot start %s (is it installed completely?)", path);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot wait for %s", path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL,
                "%s does not start: it ended with %s %d (is it installed completely, with its "
                "libraries?)",
                path, WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return FALSE;
}

void
sm_handover(const SmEvent *event, const SmHandover *handover, GError **error)
{
    static const char installed[] = SM_BINDIR "/" PROGRAM;
    g_autoptr(GPtrArray) argv = arguments(handover);
    g_autofree char *beside = path_beside();
    const char *path = beside != NULL && access(beside, F_OK) == 0 ? beside : installed;
    int saved;

    if (!starts(path, error) || !make_stdin(event, error))
        return;
    g_info("handing over to %s", path);
    sm_startup_hold_requests(TRUE);
    execv(path, (char **)argv->pdata);
    saved = errno;
    sm_startup_hold_requests(FALSE);
    errno = saved;
    sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start %s", path);
}
