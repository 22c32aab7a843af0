/*
 * The event goes on to scorefetch, which takes this process's place: the mail
 * agent waits for the same process and gets its exit code.
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
} SmHandover;

/*
 * Becomes `scorefetch deliver`: the one beside this program, else the installed
 * one, once that was seen to start. The event is its standard input, a sealed
 * memfd. Returns only on failure: SM_ERROR_INTERNAL, with the path that cannot be
 * executed.
 */
void sm_handover(const SmEvent *event, const SmHandover *handover, GError **error);
