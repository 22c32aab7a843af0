/*
 * The event goes on to scorefetch, a process of its own that this one waits for:
 * the mail agent gets an exit code that it knows, whatever becomes of scorefetch.
 */
#pragma once

#include "common/event/event.h"

typedef struct {
    const char *config; /* -c, or NULL */
    gboolean dry_run;
    gboolean verbose;
    gboolean quiet;
    const char *defer_for; /* --defer-for as it was given, or NULL */
    const char *lacking;   /* what the sandbox lacks on this kernel; NULL: nothing */
    guint time_limit;      /* seconds that scorefetch has */
} SmHandoff;

/*
 * Runs `scorefetch deliver`: the one beside this program, else the installed one.
 * The event is its standard input, a sealed memfd; it has this process's other
 * descriptors, and signals that ask this process to end are passed on to it.
 * Returns its exit code, EX_OK or EX_TEMPFAIL. Returns -1 with SM_ERROR_INTERNAL
 * if it cannot be started, ends in any other way, or not in time.
 */
int sm_handoff(const SmEvent *event, const SmHandoff *handoff, GError **error);
