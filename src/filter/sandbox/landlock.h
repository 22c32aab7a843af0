/*
 * Landlock: the wall around files, TCP ports and other processes
 * (landlock(7)), by its system calls, for which libc has no functions.
 */
#pragma once

#include <glib.h>

/* The ABI that the kernel speaks; 0 where it has no landlock or has it switched off. */
guint sm_landlock_abi(void);

/*
 * Denies the process for good all that an ABI can deny: every path, binding
 * and connecting TCP, abstract Unix sockets of others, signals to others. Needs
 * no_new_privs. What is open stays open.
 */
gboolean sm_landlock_enter(guint abi);
