/*
 * Landlock: the wall around files, TCP ports and other processes
 * (landlock(7)), by its system calls, for which libc has no functions.
 */
#pragma once

#include <glib.h>

/* The first ABI that lets a file be renamed from one folder into another. */
enum { SM_LANDLOCK_RENAMES = 2 };

typedef enum {
    SM_LANDLOCK_READ,    /* files are read, folders listed */
    SM_LANDLOCK_EXECUTE, /* and programs started */
    SM_LANDLOCK_WRITE,   /* files and folders are read, made, changed, linked, renamed, removed */
} SmLandlockAccess;

typedef struct {
    const char *path; /* a file, or a folder with all below it; NULL, or missing: nothing is let */
    SmLandlockAccess access;
} SmLandlockPlace;

/* The ABI that the kernel speaks; 0 where it has no landlock or has it switched off. */
guint sm_landlock_abi(void);

/*
 * Denies this thread and all that it starts for good all that an ABI can deny: every path, binding
 * and connecting TCP, abstract Unix sockets of others, signals to others. Needs
 * no_new_privs. What is open stays open.
 */
gboolean sm_landlock_enter(guint abi);

/* The same but for count places, and for connections, which are let. Sets no_new_privs itself.
 * FALSE with errno where the kernel refuses. */
gboolean sm_landlock_enter_with(guint abi, const SmLandlockPlace *places, gsize count);
