/*
 * How the programs speak. Code says what happened through GLib's logging
 * (g_warning: a failure; g_message: the outcome; g_info: a step); this module
 * is the one place that decides where a line goes: stderr, syslog or a file.
 * Every line is cleaned by sm_text_clean(), and nothing ever goes to stdout.
 *
 * On stderr a line is for people: "PROGRAM: TEXT". In the log it is key=value
 * (sm_log_line_add()): level, then what sm_report_say() was given, then text; in a file
 * behind the time in UTC and "PROGRAM[PID]:", as syslog writes it by itself.
 *
 *              stderr as a filter      stderr at a prompt      log
 *  g_warning   always                  always                  err
 *  g_message   a terminal, or -v       unless -q               notice
 *  g_info      -v                      -v                      info
 *
 * Where stderr is systemd's journal, which syslog leads to as well, a line that is logged by
 * syslog is not repeated there.
 */
#pragma once

#include <glib.h>

#include "common/base/error.h"

typedef enum { SM_LOG_NONE, SM_LOG_SYSLOG, SM_LOG_STDERR, SM_LOG_FILE } SmLogTarget;

typedef struct {
    const char *program; /* what each line on stderr starts with; static */
    SmRole role;
    gboolean quiet;
    gboolean verbose;
    SmLogTarget target;       /* SM_LOG_NONE until the configuration is known */
    GLogLevelFlags log_level; /* the least severe level that goes to the log */
    int log_fd;               /* for SM_LOG_FILE */
    gboolean journal;         /* stderr goes to systemd's journal, as syslog does */
    GAsyncQueue *held; /* of char *, with their line ends: lines for stderr that the caller judges
                        * and writes, in place of this module; NULL: none is held */
    /* Clears the terminal for a line (TRUE), and redraws it (FALSE); NULL: nothing to do. Set while
     * no other thread speaks. */
    void (*make_way)(gpointer screen, gboolean begin);
    gpointer screen;
} SmReport;

/*
 * Adds " KEY=VALUE" to line (without the blank where it is empty). A value with
 * blanks, quotes, backslashes or "=" in it, and an empty one, stands in double
 * quotes, with quotes and backslashes behind a backslash. It is cleaned by
 * sm_text_clean().
 */
void sm_log_line_add(GString *line, const char *key, const char *value);

/* Makes report the process's log, until it ends. Call once; report must live as long.
 */
void sm_report_start(SmReport *report);

typedef struct {
    const char *key;   /* lower-case letters */
    const char *value; /* NULL: the field is left out */
} SmReportField;

enum { SM_REPORT_FIELDS_MAX = 8 };

/*
 * Says text as g_log() does; the log's line has the count fields, too, at most
 * SM_REPORT_FIELDS_MAX. The first one is "event".
 */
void sm_report_say(GLogLevelFlags level, const char *text, const SmReportField *fields,
                   gsize count);

/*
 * From here on lines go to the log as well: target and, for SM_LOG_FILE, the
 * file (created 0600, appended to). SM_ERROR_CONFIG if it cannot be opened.
 */
gboolean sm_report_log_to(SmReport *report, SmLogTarget target, const char *file,
                          GLogLevelFlags level, GError **error);
