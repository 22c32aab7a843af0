/*
 * This room locks the parser child in: landlock, seccomp, limits.
 *
 * The sandbox of the parser child: libraries that a message takes over can compute and answer,
 * nothing else. There are two walls, since a kernel may lack one: landlock leaves no path, no TCP
 * port and no other process to signal, seccomp leaves the calls of seccomp.h.
 */
#pragma once

#include "filter/sandbox/walls.h"

typedef struct {
    SmSandboxWalls walls;
    gsize memory; /* bytes of address space */
    guint cpu;    /* seconds of processor time */
    int answer;   /* the descriptor to answer on */
} SmSandbox;

/*
 * Closes the process in, for good, always in this order: no new privileges,
 * landlock, limits, every descriptor but sandbox->answer and standard error
 * (which goes to /dev/null, but for the sanitizers' builds), no attaching,
 * seccomp. Whatever comes from files is to be opened before: iconv's
 * converters, the locale, what g_mime_init() reads. A limit that is lower
 * already stays. Returns SM_SANDBOX_ENTERED, or the step that failed with the
 * process half closed: it can only exit then.
 */
SmSandboxStep sm_sandbox_enter(const SmSandbox *sandbox);
