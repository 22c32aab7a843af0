/*
 * Scope-bound clean-up for what GLib has no g_auto for: descriptors, folders. Clean-up
 * for the types of other libraries stands in the one header of the program
 * that links them (filter/, fetch/), so that the filter never sees libcurl.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <unistd.h>

/* Closes and forgets; keeps errno, so that it can run on an error path. */
static inline void
sm_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

/* A descriptor that is closed when it goes out of scope: sm_autofd int fd = -1; */
#define sm_autofd __attribute__((cleanup(sm_close)))

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

/* Hands the descriptor on: returns it and leaves -1 behind. */
static inline int
sm_steal_fd(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}
