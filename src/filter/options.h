/*
 * The command line of scoremail.
 */
#pragma once

#include "filter/child.h"
#include "filter/handoff.h"

typedef struct {
    SmHandoff handoff; /* what is passed on; its strings are owned */
    gboolean extract;
    gboolean version;
    gboolean help;
    gint64 max_message; /* bytes */
    gint max_cpu;       /* seconds */
    char *account;      /* -a, or NULL; owned */
    guint defer_for;    /* seconds, G_MAXUINT: unlimited; 0: not given */
    char *time_limit;   /* --time-limit as it was given, or NULL; owned */
    char *sandbox_word; /* as it was given; owned */
    SmSandboxPolicy sandbox;
} SmOptions;

/* Reads the command line. SM_ERROR_USAGE when it is wrong. */
gboolean sm_options_parse(SmOptions *options, int argc, char **argv, GError **error);

/* The help text. Caller frees. */
char *sm_options_help(void);

/* Frees options. */
void sm_options_clear(SmOptions *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmOptions, sm_options_clear)
