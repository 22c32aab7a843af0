/* What read(2) and write(2) leave to their callers. */
#pragma once

#include <glib.h>

/* Writes all of size bytes, however often it takes. FALSE with errno. */
gboolean sm_write_all(int fd, const void *data, gsize size);
