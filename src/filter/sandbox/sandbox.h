/*
 * This room locks the parser child in: landlock, seccomp, limits.
 *
 * The sandbox of the parser child: libraries that a message takes over can compute and answer,
 * nothing else. There are two walls, since a kernel may lack one: landlock leaves no path, no TCP
 * port and no other process to signal, seccomp leaves the calls of seccomp.h.
 */
#pragma once

#include <glib.h>

typedef enum { SM_SANDBOX_AUTO, SM_SANDBOX_REQUIRED } SmSandboxPolicy;

/* What the kernel offers, or a part of it that is to be used. */
typedef struct {
    guint landlock; /* its ABI's number; 0: no landlock */
    gboolean seccomp;
} SmSandboxWalls;

typedef struct {
    SmSandboxWalls walls;
    gsize memory; /* bytes of address space */
    guint cpu;    /* seconds of processor time */
    int answer;   /* the descriptor to answer on */
} SmSandbox;

/* How far sm_sandbox_enter() came: the step that failed, or that none did. */
typedef enum {
    SM_SANDBOX_ENTERED,
    SM_SANDBOX_NO_NEW_PRIVS,
    SM_SANDBOX_LANDLOCK,
    SM_SANDBOX_LIMITS,
    SM_SANDBOX_DESCRIPTORS,
    SM_SANDBOX_NOT_DUMPABLE,
    SM_SANDBOX_SECCOMP,
    SM_SANDBOX_N_STEPS
} SmSandboxStep;

/* Asks the running kernel, by two system calls. */
SmSandboxWalls sm_sandbox_find(void);

/* "landlock ABI 7, seccomp"; what is missing is named with a "no" before it. Caller frees. */
char *sm_sandbox_describe(const SmSandboxWalls *walls);

/*
 * Whether the walls satisfy policy. If not, SM_ERROR_SANDBOX, which
 * names what is missing.
 */
gboolean sm_sandbox_check(const SmSandboxWalls *walls, SmSandboxPolicy policy, GError **error);

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

/* The name of a step, for a message. */
const char *sm_sandbox_step_name(SmSandboxStep step);
