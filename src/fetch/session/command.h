/*
 * What a command is: its name, options and needs, and what does it. sm_command_do() reads its
 * arguments, prepares what it needs, calls it and says what came of it.
 */
#pragma once

#include "fetch/session/session.h"

/* What is done before a command is called. */
typedef enum {
    SM_NEEDS_CONFIG = 1 << 0,  /* the configuration is read */
    SM_NEEDS_ACCOUNT = 1 << 1, /* --account, if given, names one of it */
    SM_NEEDS_LOOK = 1 << 2,    /* the ledger is open to look at, NULL where there is none yet */
    SM_NEEDS_LEDGER = 1 << 3,  /* the ledger is open for work */
    SM_NEEDS_DRAIN = 1 << 4,   /* the byte that started a site's worker is taken out of the FIFO */
} SmCommandNeeds;

/*
 * An option of a command whose values are in a struct TYPE: a GOptionEntry for SmCommand.options.
 * Each version of clang-format breaks it in its own way.
 */
/* clang-format off */
#define SM_OPTION(TYPE, member, name, letter, kind, text, value)                                   \
    {                                                                                              \
        name, letter, 0, G_OPTION_ARG_##kind, GSIZE_TO_POINTER(offsetof(TYPE, member)), text,      \
            value                                                                                  \
    }
/* clang-format on */

typedef struct {
    const char *name;
    const char *usage;   /* what follows the options: "NAME...", NULL for nothing */
    int least, most;     /* how many of that; G_MAXINT: any number */
    const char *summary; /* one line: what it does */
    guint needs;         /* SmCommandNeeds */
    gboolean as_filter;  /* a mail system asks: exit codes 0 and 75, and scoremail's name */
    gboolean news_only; /* a timer starts it: with -q a failure is said as sm_session_say_news() has
                           it */
    gsize size;         /* of the struct that has the values of options; all zero to begin with */
    const GOptionEntry *options; /* of SM_OPTION, NULL-terminated; NULL: none of its own */
    /*
     * Does it; values points to the struct, arguments to what is no option, NULL-terminated.
     * The exit code; with an error set, which is said then, that error's.
     */
    int (*run)(SmSession *session, gpointer values, char **arguments, GError **error);
} SmCommand;

/* The options that each command has besides its own: offsets into SmSession. */
const GOptionEntry *sm_command_common_options(void);

/* What --help of the command prints. Caller frees. */
char *sm_command_text(const SmCommand *command);

/* Runs command with its arguments, of which argv[0] is its name, to its end: the exit code. */
int sm_command_do(const SmCommand *command, int argc, char **argv);
