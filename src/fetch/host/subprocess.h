/*
 * This room deals with this machine: processes, the terminal, signals, JSON on stdout.
 *
 * Runs a command of the configuration, without a shell: our own environment,
 * /dev/null for standard input, no descriptor but 0 to 2, signals as a fresh
 * process has them, and a process group of its own.
 */
#pragma once

#include <glib.h>

/*
 * Runs argv (argv[0] is looked for in PATH) to its end. The first bytes
 * that it prints go to output, which has room for *length, with a NUL behind them, and to no other
 * memory of ours; *length says how many these are; the rest is dropped. At limit, monotonic time in
 * microseconds, the whole group is stopped (SIGTERM, a second later SIGKILL), as it is when this
 * process ends first, killed or not.
 *
 * FALSE and an error with code, the SM_ERROR_ code, when it cannot be started, does not
 * end in time, or ends with anything but 0. The message follows the command's
 * name; it has what came on standard error, cleaned and bounded, unless that
 * repeats the first line of the output. What was printed is never in it.
 */
gboolean sm_subprocess(const char *const *argv, gint64 limit, char *output, gsize *length, int code,
                       GError **error);

/* A command that is run for what it does. */
typedef struct {
    const char *const *argv;
    const char *const *environment; /* NULL: ours */
    const char *input;              /* on its standard input; NULL: nothing */
    gint64 limit;                   /* monotonic time, microseconds */
    int held; /* a descriptor that stays open for as long as it lives, even where it cannot be
                 killed or we are; 0: none */
} SmTask;

typedef enum {
    SM_TASK_ENDED,  /* by itself, or it did not begin */
    SM_TASK_KILLED, /* at its limit */
    SM_TASK_LIVES,  /* it had to be killed, and cannot be */
} SmTaskEnd;

/*
 * Runs it. Nothing of what it prints is secret: it comes with what came on standard
 * error, in the order in which it was printed. *end, if not NULL, tells how it
 * ended. Errors with the SM_ERROR_ code, too.
 */
gboolean sm_subprocess_do(const SmTask *task, SmTaskEnd *end, int code, GError **error);
