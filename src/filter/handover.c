#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build-config.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/io.h"
#include "common/startup.h"

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

void
sm_handover(const SmEvent *event, const SmHandover *handover, GError **error)
{
    static const char installed[] = SM_BINDIR "/" PROGRAM;
    g_autoptr(GPtrArray) argv = arguments(handover);
    g_autofree char *beside = path_beside();
    const char *path = beside != NULL ? beside : installed;
    int saved;

    if (!make_stdin(event, error))
        return;
    g_info("handing over to %s", path);
    sm_startup_hold_requests(TRUE);
    execv(path, (char **)argv->pdata);
    if (errno == ENOENT && path != installed) {
        execv(installed, (char **)argv->pdata);
        if (errno != ENOENT)
            path = installed;
    }
    saved = errno;
    sm_startup_hold_requests(FALSE);
    errno = saved;
    sm_error_from_errno(error, SM_ERROR_INTERNAL, "cannot start %s (is it installed completely?)",
                        path);
}
