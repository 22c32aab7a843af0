/*
 * Standard input, whole, before anything is done with it: leaving a pipe
 * unread is a failure to several mail agents.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *data;         /* in pages of its own, so that a child sees them without a copy */
    gsize length;       /* bytes read */
    gboolean too_large; /* more than max came; it was read to its end and thrown away */
} SmInput;

/*
 * Reads fd to its end, at most max bytes into memory. Waits where fd is
 * non-blocking. SM_ERROR_IO when reading fails, SM_ERROR_INTERNAL where a limit
 * on address space leaves no room for it (fd is read to its end all the same).
 */
gboolean sm_input_read(SmInput *input, int fd, gsize max, GError **error);

/* Frees input. */
void sm_input_clear(SmInput *input);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmInput, sm_input_clear)
