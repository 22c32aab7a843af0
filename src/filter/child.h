/*
 * This room is the filter's process: input, command line, envelope, the parser child and the
 * hand-over to scorefetch.
 *
 * The parser child: a process of its own parses the message, in a sandbox, with limits on time and
 * memory. It can only answer on a pipe. The answer is not trusted: it is length-checked, decoded
 * and validated here.
 */
#pragma once

#include "common/event/event.h"
#include "filter/sandbox/walls.h"

typedef struct {
    guint max_cpu;           /* seconds, for all that reading the message takes */
    SmSandboxPolicy sandbox; /* what to do if the kernel lacks a part of it */
} SmChildRules;

/*
 * Reads length bytes at message in a child and waits for its end. *event
 * becomes what the message holds, NULL if it is no notification; one that uses
 * up time, memory or stack is an SM_EVENT_UNUSABLE. SM_ERROR_SANDBOX if there
 * is no such sandbox as rules demand. Any other failure is our own: SM_ERROR_INTERNAL. Caller owns
 * *event.
 */
gboolean sm_child_read(const char *message, gsize length, const SmChildRules *rules,
                       SmEvent **event, GError **error);

/*
 * The event, an SM_EVENT_UNUSABLE for this reason, of a message that cannot be
 * read to its end: what its header says, as far as a child survives that and
 * rules allow one; at least when it was received. Caller owns.
 */
SmEvent *sm_child_read_header(const char *message, gsize length, const SmChildRules *rules,
                              const char *reason);
