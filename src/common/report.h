/*
 * How the programs speak. Code says what happened through GLib's logging
 * (g_warning: a failure; g_message: the outcome; g_info: a step); this module
 * is the one place that decides where a line goes: stderr, syslog or a file.
 * Every line is cleaned by sm_text_clean(), and nothing ever goes to stdout.
 *
 *              stderr as a filter      stderr at a prompt      log
 *  g_warning   always                  always                  err
 *  g_message   a terminal, or -v       unless -q               notice
 *  g_info      -v                      -v                      info
 */
#pragma once

#include <glib.h>

#include "error.h"

typedef enum { SM_LOG_NONE, SM_LOG_SYSLOG, SM_LOG_STDERR, SM_LOG_FILE } SmLogTarget;

typedef struct {
    const char *program; /* what each line on stderr starts with; static */
    SmRole role;
    gboolean quiet;
    gboolean verbose;
    SmLogTarget target;       /* SM_LOG_NONE until the configuration is known */
    GLogLevelFlags log_level; /* the least severe level that goes to the log */
    int log_fd;               /* for SM_LOG_FILE */
    /* What else is on the terminal makes way for a line (TRUE), and comes back (FALSE); NULL:
     * nothing is. Set while no other thread speaks. */
    void (*make_way)(gpointer screen, gboolean begin);
    gpointer screen;
} SmReport;

/* Makes report the process's voice, from here on to its end. Call once; report must live as long.
 */
void sm_report_start(SmReport *report);

/*
 * From here on lines go to the log as well: target and, for SM_LOG_FILE, the
 * file (created 0600, appended to). SM_ERROR_CONFIG if it cannot be opened.
 */
gboolean sm_report_log_to(SmReport *report, SmLogTarget target, const char *file,
                          GLogLevelFlags level, GError **error);
