/*
 * The stack's end. GMime reads nested address groups by recursion, as deep as
 * a sender likes: running out of stack is a limit that a message meets, like
 * those on time and memory, and must not look like a crash.
 */
#pragma once

#include <glib.h>

enum {
    SM_STACK_SIZE = 8 * 1024 * 1024, /* bytes that the watched stack may grow to */
    SM_STACK_SPARE = 16 * 1024,      /* bytes for the handler, and the registers it saves */
    SM_STACK_FULL = 3,               /* the exit status that says so */
};

/*
 * From here on the process exits with SM_STACK_FULL when its stack is full.
 * spare, of SM_STACK_SPARE bytes, must be a local variable of a function that
 * does not return and that the address sanitizer leaves alone: it keeps other
 * functions' variables away from the stack. Any other bad address kills the
 * process as ever. FALSE if the kernel refuses.
 */
gboolean sm_stack_watch(char *spare);
