/*
 * The event goes on to scorefetch, a process of its own that this one waits for:
 * the mail agent gets an exit code that it knows, whatever becomes of scorefetch.
 * It is started before the message is read, since loading its libraries takes as long as that.
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
    guint time_limit;      /* seconds that scorefetch has, from the event on */
} SmHandoff;

typedef struct SmHandoffRun SmHandoffRun;

/*
 * Starts `scorefetch deliver`: the one beside this program, else the installed one.
 * Its standard input is a memfd, locked until it holds the event, and it has this process's other
 * descriptors. sm_handoff() returns what goes wrong here. handoff must live as long. Caller ends.
 */
SmHandoffRun *sm_handoff_start(const SmHandoff *handoff);

/*
 * Gives it the event, sealed, once, and waits; signals that ask this process to end are passed on
 * to it from here on.
 * Returns its exit code, EX_OK or EX_TEMPFAIL. Returns -1 with SM_ERROR_INTERNAL
 * if it cannot be started, ends in any other way, or not in time.
 */
int sm_handoff(SmHandoffRun *run, const SmEvent *event, GError **error);

/* Frees run, once: a scorefetch that got no event has done nothing, and is killed. Waits for its
 * end, at most for seconds. NULL is allowed. */
void sm_handoff_end(SmHandoffRun *run);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmHandoffRun, sm_handoff_end)
