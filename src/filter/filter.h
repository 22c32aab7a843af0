/*
 * The filter: a message becomes an event, and the event goes on to scorefetch. It needs GLib, and
 * lies in a file of its own, which main.c loads for a message that could announce something, for
 * an option that says or checks more, and for whatever goes wrong.
 */
#pragma once

#include "filter/input.h"

/* Bytes of a message, without --max-message. */
enum { SM_MESSAGE_MAX = 64 * 1024 * 1024 };

/* What main.c has done. */
typedef struct {
    gboolean is_closed; /* standard input was: sm_startup() has opened /dev/null there */
    const char *fault;  /* of sm_startup() */
    int cause;          /* its errno */
    gboolean is_read;   /* standard input; and what is in it could announce something */
    SmInput input;
} SmBeginning;

typedef struct {
    const char *version; /* of scoremail */
    /* Does the rest, owns beginning's input from here on, and returns the exit code. */
    int (*run)(int argc, char **argv, SmBeginning *beginning);
} SmFilter;

/* The one symbol of the filter's file. */
extern const SmFilter sm_filter;
