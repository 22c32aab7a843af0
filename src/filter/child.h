/*
 * This room is the filter's process: input, command line, envelope, the parser child and the
 * hand-over to scorefetch.
 *
 * The parser child: whatever a message does to the parsers, it does in a
 * process of its own, with limits on time and memory, in a sandbox, that can
 * only answer on a pipe. The answer is not trusted: it is length-checked,
 * decoded and validated here.
 */
#pragma once

#include "common/event/event.h"
#include "filter/sandbox/sandbox.h"

typedef struct {
    guint max_cpu;           /* seconds */
    SmSandboxPolicy sandbox; /* what to do on a kernel that lacks a part of it */
} SmChildRules;

/*
 * Reads length bytes at message in a child and waits for its end. *event
 * becomes what the message holds, NULL if it is no notification; one that uses
 * up time, memory or stack is an SM_EVENT_UNUSABLE. SM_ERROR_SANDBOX if there
 * is no such sandbox as rules demand. Anything else that goes wrong is our
 * fault: SM_ERROR_INTERNAL. Caller owns *event.
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
