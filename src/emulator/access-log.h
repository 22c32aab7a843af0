/*
 * The access log: one line a request, written before the answer's last byte
 * can be read by whoever asked, so that a test that has its answer finds the
 * line. No query, password or token is ever in it; names and users are
 * percent-encoded, so that blanks separate the fields.
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
