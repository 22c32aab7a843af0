/*
 * The parser child: whatever a message does to the parsers, it does in a
 * process of its own, with limits on time and memory, that can only answer on
 * a pipe. The answer is not trusted: it is length-checked, decoded and
 * validated here.
 */
#pragma once

#include "common/event.h"

/*
 * Reads length bytes at message in a child, which may use max_cpu seconds, and
 * waits for its end. *event becomes what the message holds, NULL if it is no
 * notification; one that uses up the limits is an SM_EVENT_UNUSABLE. Anything
 * else that goes wrong is our fault: SM_ERROR_INTERNAL. Caller owns *event.
 */
gboolean sm_child_read(const char *message, gsize length, guint max_cpu, SmEvent **event,
                       GError **error);
