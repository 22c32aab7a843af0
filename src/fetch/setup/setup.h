/*
 * This room sets an installation up: it asks, edits the configuration, puts recipes and schedules
 * in place; the plan is made first, and done at the end.
 *
 * What scorefetch setup asks, and what follows from the answers.
 */
#pragma once

#include "fetch/setup/agent.h"
#include "fetch/setup/draft.h"

/* Answers by options; NULL: not given. */
typedef struct {
    char *username, *directory, *format, *alert_mail, *agent, *schedule;
    char *password_file;
    char **set;        /* "KEY=VALUE" */
    char **members;    /* users who may leave events, of a site */
    gboolean defaults; /* nothing is asked at the terminal */
    gboolean password_stdin;
    gboolean force; /* a password that cannot be tried is written nevertheless */
    gboolean print; /* nothing is to be written: no password is asked for */
} SmAnswers;

/*
 * Asks what answers does not say, edits draft, and adds everything to the plan, the password last
 * tried at the service. Nothing is written. SM_ERROR_USAGE, SM_ERROR_DATA, SM_ERROR_IO (the
 * terminal), SM_ERROR_CONFIG, SM_ERROR_DIRECTORY; SM_ERROR_CREDENTIALS, SM_ERROR_SERVICE,
 * SM_ERROR_TRUST, SM_ERROR_SECRET (the password).
 */
gboolean sm_setup_ask(SmDraft *draft, const SmAnswers *answers, const SmPlace *place, SmPlan *plan,
                      GError **error);
