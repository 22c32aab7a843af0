/*
 * What the kernel offers to build the sandbox of the parser child (sandbox.h)
 * from, and what its policy makes of that. Needs no library.
 */
#pragma once

#include <glib.h>

typedef enum { SM_SANDBOX_AUTO, SM_SANDBOX_REQUIRED } SmSandboxPolicy;

/* What the kernel offers, or a part of it that is to be used. */
typedef struct {
    guint landlock; /* its ABI's number; 0: no landlock */
    gboolean seccomp;
} SmSandboxWalls;

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

/* The name of a step, for a message. */
const char *sm_sandbox_step_name(SmSandboxStep step);
