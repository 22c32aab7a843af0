/*
 * The access log: one line a request, written before the client can read the
 * answer's last byte, so that a test with its answer finds the line. It never has
 * a query, password or token. Blanks separate the fields; names and users are
 * percent-encoded.
 */
#pragma once

#include "emulator/base/request.h"

typedef struct SmAccessLog SmAccessLog;

/* path: "-" is stderr, NULL no log at all; SM_ERROR_IO if it cannot be opened. */
SmAccessLog *sm_access_log_new(const char *path, GError **error);

/* Frees log. */
void sm_access_log_free(SmAccessLog *log);

/* status: 0 if there was no time for one; sent: bytes of the body; fault: "" for none. */
void sm_access_log_write(const SmAccessLog *log, const SmRequest *request, guint status,
                         guint64 sent, const char *fault);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmAccessLog, sm_access_log_free)
