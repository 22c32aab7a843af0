/*
 * Starts a command, in a process group of its own, and keeps a small process
 * beside it that kills the group when it is asked to, and when the thread that
 * started it ends, whatever ends that: no command goes on without us.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct {
    const char *const *argv;        /* argv[0] is looked for in PATH */
    const char *const *environment; /* the command's */
    int in, out, err;               /* its descriptors 0 to 2; in: -1 is /dev/null */
    int held; /* a descriptor that stays open for as long as the command lives; -1: none */
} SmKept;

typedef struct {
    pid_t pid;                /* of the process beside the command; 0: none, or it has ended */
    struct SmKeptEnd *shared; /* written by that process */
    int start_fault;          /* once it has ended: why the command could not be started, or 0 */
    int status;               /* once it has ended: how, as waitpid() says */
} SmKeeper;

/* Starts it, without waiting for the file system that the program is on. Call sm_keeper_clear()
 * afterwards, whatever came of it. SM_ERROR_INTERNAL. */
gboolean sm_keeper_start(SmKeeper *keeper, const SmKept *kept, GError **error);

/* Whether the command has ended: then start_fault and status say how. */
gboolean sm_keeper_has_ended(SmKeeper *keeper);

/* Asks for the end of the whole group: SIGTERM, and SIGKILL a moment later. */
void sm_keeper_stop(const SmKeeper *keeper);

/* Frees what keeper has. A command that has not ended is left to itself. */
void sm_keeper_clear(SmKeeper *keeper);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmKeeper, sm_keeper_clear)
