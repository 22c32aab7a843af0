/*
 * The filter: a message becomes an event, and the event goes on to scorefetch. It needs GLib, and
 * lies in a file of its own, which main.c loads for a message that could announce something, for
 * an option that says or checks more, and for whatever goes wrong.
 */
#pragma once

#include "filter/input.h"

/* Bytes of a message, without --max-message. */
enum { SM_MESSAGE_MAX = 64 * 1024 * 1024 };

typedef struct {
    const char *version; /* of scoremail */
    /* Reads standard input, where input has neither data nor a fault yet; else that could announce
     * something. Does the rest, and returns the exit code. */
    int (*run)(int argc, char **argv, SmInput input);
} SmFilter;

/* The one symbol of the filter's file. */
extern const SmFilter sm_filter;
