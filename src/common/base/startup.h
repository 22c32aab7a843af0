/*
 * Start-up hygiene. Mail agents start us with odd environments, ignored
 * signals, leaked descriptors and any umask; secrets must not reach core dumps
 * or a debugger. Called first in every main(), before anything is allocated
 * from the environment. Needs no library but libc: most mail ends before one is loaded.
 */
#pragma once

#include <signal.h>

#include <glib.h>

#include "common/base/error.h"

/* Whoever starts one of our programs with this variable keeps what is written to standard error
 * before sm_startup(), by the loader of libraries, which finds the real one in this descriptor. */
#define SM_STARTUP_HOLDS "SCOREMAIL_STDERR_IN_3"
enum { SM_STARTUP_HELD = 3 };

/*
 * Opens descriptors 0-2 where they are closed (on /dev/null; standard output such that writing
 * fails), closes all others, resets signals (SIGPIPE and SIGXFSZ ignored, the rest default and
 * unblocked; at a prompt SIGHUP, SIGINT and SIGQUIT stay ignored where they were, as by nohup(1)),
 * sets umask 077, forbids core dumps and attaching, and clears an inherited alarm. Returns NULL, or
 * what failed, which errno tells more of.
 */
const char *sm_startup(SmRole role);

/* Rebuilds the environment from a short list (no proxy, no SSLKEYLOGFILE, no GLib or allocator
 * switches; PATH set by us, no HOME): called next, once what the mail agent told is read. */
void sm_startup_environment(void);

/*
 * As SM_ROLE_FILTER, from sm_startup() on, SIGTERM, SIGHUP and SIGINT exit with EX_TEMPFAIL and one
 * line on stderr: mail systems send them after their time limit, and some return a message whose
 * program dies by a signal. Nothing is cleaned up, as after a crash. Every other signal that ends a
 * process and can be caught does the same. This call restores the default actions, for a process
 * that is no filter and for the parser child.
 */
void sm_startup_end_by_signal(void);

/*
 * Blocks the signals that ask the filter to end, from here on, and puts them into
 * held: for a caller that waits for another program and passes them on to it.
 */
void sm_startup_hold_requests(sigset_t *held);

/* The home directory of the user we run as, by getpwuid, never by $HOME. Caller frees; NULL if
 * unknown. */
char *sm_startup_home(void);

/*
 * Where a file that only our programs use lies: beside the program, as in the build folder; else
 * where the installation puts it, seen from the program, since what is installed may be moved into
 * a package. Caller frees.
 */
char *sm_startup_companion(const char *name);

/*
 * HOME for children: we ourselves never look at it. Apart from sm_startup(),
 * since getpwuid may ask a daemon by a socket, which the filter never opens.
 */
void sm_startup_export_home(void);

/* Ends the process with code, what was printed being written. The destructors of dozens of
 * libraries are left out: they take longer than a sandbox. */
G_GNUC_NORETURN void sm_startup_exit(int code);
