/*
 * The access log: one line a request, written before the client can read the
 * answer's last byte, so that a test with its answer finds the line. It never has
 * a query, password or token. Blanks separate the fields; names and users are
 * percent-encoded.
 */
#pragma once

#include "emulator/base/request.h"

/* Opens *log. path: "-" is stderr, NULL no log at all, which is -1; SM_ERROR_IO if it cannot be
 * opened. */
gboolean sm_access_log_open(const char *path, int *log, GError **error);

/* status: 0 if there was no time for one; sent: bytes of the body; fault: "" for none. */
void sm_access_log_write(int log, const SmRequest *request, guint status, guint64 sent,
                         const char *fault);
