/*
 * The parser child: whatever a message does to the parsers, it does in a
 * process of its own, with limits on time and memory, that can only answer on
 * a pipe with an event. The answer is not trusted: it is length-checked,
 * decoded and validated here.
 */
#pragma once

#include "common/event.h"

typedef struct {
    const char *message; /* in pages that a fork shares */
    gsize length;
    guint max_cpu; /* seconds */
} SmChildTask;

/*
 * Reads the message in a child and waits for its end. *event becomes what it
 * holds, NULL if it is no notification; a message that uses up its limits is
 * an SM_EVENT_UNUSABLE. Anything else that goes wrong is our fault:
 * SM_ERROR_INTERNAL. Caller owns *event.
 */
gboolean sm_child_read(const SmChildTask *task, SmEvent **event, GError **error);
