/* What read(2) and write(2) leave to their callers. */
#pragma once

#include <glib.h>

/* Writes all of size bytes, however often it takes. FALSE with errno. */
gboolean sm_write_all(int fd, const void *data, gsize size);

/* Whether all that was printed on standard output has been written; SM_ERROR_IO if not. */
gboolean sm_io_flush(GError **error);
