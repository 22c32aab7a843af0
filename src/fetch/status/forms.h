/* The forms of a survey: for people, as JSON, and as metrics. */
#pragma once

#include "fetch/host/autoptr.h"
#include "fetch/status/survey.h"

/* A time (seconds since 1970) as seen from now: "12 s ago", "5 min ago", "2026-03-28 22:13"; "-"
 * for 0. Caller frees. */
char *sm_status_when(gint64 when, gint64 now);

/* "worker seen: 5 min ago; events in the spool: 0". Caller frees. */
char *sm_status_worker(const SmSurvey *survey);

/* What follows prints what `scorefetch status` shows to people: a row for each account, then the
 * worker's line. */
void sm_status_print_accounts(const SmSurvey *survey);

/* A line for each concern of verdict.h. */
void sm_status_print_concerns(const GPtrArray *concerns);

/* The files (of SmFile), a row each; with_account: with a column that tells whose each is. */
void sm_status_print_files(const GPtrArray *files, gboolean with_account, gint64 now);

/* A line for each message that was refused, beside the files, of which they made none. */
void sm_status_print_refusals(const SmSurvey *survey);

/*
 * Prints the first line of a monitoring plugin: the level, what is most urgent, and
 * behind a '|' the figures that such a system draws.
 */
void sm_status_print_plugin(const SmSurvey *survey, const GPtrArray *concerns);

/* What `scorefetch status --json` prints; scorefetch(1) has the members. files: of SmFile, all that
 * are shown; more: whether there are others. Caller frees. */
cJSON *sm_status_json(const SmSurvey *survey, const GPtrArray *concerns, const GPtrArray *files,
                      gboolean more);

/*
 * Writes metrics in Prometheus' text exposition format (version 0.0.4) to the file at path, for the
 * text-file collector of its node exporter: mode 0644, in one step, so that the collector reads the
 * older one or the new one. SM_ERROR_IO.
 */
gboolean sm_exposition_write(const char *path, const SmSurvey *survey, GError **error);
