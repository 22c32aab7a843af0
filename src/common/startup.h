/*
 * Start-up hygiene. Mail agents start us with odd environments, ignored
 * signals, leaked descriptors and any umask; secrets must not reach core dumps
 * or a debugger. Called first in every main(), before anything is allocated
 * from the environment.
 */
#pragma once

#include <glib.h>

/*
 * Opens descriptors 0-2 where they are closed (on /dev/null), closes all
 * others, resets signals (SIGPIPE ignored, the rest default and unblocked),
 * sets umask 077, forbids core dumps and attaching, clears an inherited alarm,
 * and rebuilds the environment from a short list (no proxy, no SSLKEYLOGFILE,
 * no GLib or allocator switches; PATH set by us, no HOME). On failure
 * SM_ERROR_INTERNAL.
 */
gboolean sm_startup(GError **error);

/* The home directory of the user we run as, by getpwuid, never by $HOME. Caller frees; NULL if
 * unknown. */
char *sm_startup_home(void);

/*
 * HOME for children: we ourselves never look at it. Apart from sm_startup(),
 * since getpwuid may ask a daemon by a socket, which the filter never opens.
 */
void sm_startup_export_home(void);
