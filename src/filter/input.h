/*
 * Standard input, whole, before anything is done with it: leaving a pipe
 * unread is a failure to several mail agents. Needs no library but libc.
 */
#pragma once

#include <glib.h>

#include "common/base/error.h"

typedef struct {
    const char *fault;  /* why it could not be read, or NULL */
    SmErrorCode code;   /* of the fault */
    int cause;          /* its errno, or 0 */
    char *data;         /* in pages of its own, so that a child sees them without a copy */
    gsize length;       /* bytes read */
    gboolean too_large; /* more than max came; it was read to its end and thrown away */
} SmInput;

/*
 * Reads fd to its end, at most max bytes into memory. Waits where fd is
 * non-blocking. A fault is of SM_ERROR_IO when reading fails, of SM_ERROR_INTERNAL where a limit
 * on address space leaves no room for it (fd is read to its end all the same).
 */
void sm_input_read(SmInput *input, int fd, gsize max);

/* Frees input's data. */
void sm_input_clear(SmInput *input);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmInput, sm_input_clear)
