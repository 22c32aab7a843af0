/*
 * This room shows how things stand: a survey of the ledger, a verdict on it, and its forms
 * (table, JSON, metrics).
 *
 * One look at everything that tells how the whole is doing: what the ledger's
 * counters and a few indexed rows say, the spool, and the worker's heartbeat. It
 * costs the same however many files and events the ledger has, and writes nothing.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/notes/alerts.h"
#include "fetch/queries/totals.h"
#include "fetch/rows/events.h"

enum {
    SM_SURVEY_TROUBLES = 3, /* files with their reason, of each account */
    SM_SURVEY_REFUSALS = 20,
};

typedef struct {
    const SmAccount *account;
    SmTotals totals;     /* overdue: longer than defer-for */
    GPtrArray *troubles; /* of SmFile: the newest that have failed or conflict */
} SmAccountSurvey;

typedef struct {
    const SmConfig *config;
    gint64 now;
    GPtrArray *accounts; /* of SmAccountSurvey, in the order of the configuration */
    GPtrArray *refusals; /* of SmRefusal: the last messages, which are no account's */
    GPtrArray *alerts;   /* of SmAlertRow that stand, of known kinds */
    SmWorkerSigns worker;
    GPtrArray *hosts; /* of SmHost: those that share the ledger, this one too */
    char *pull_fault; /* see sm_watch_pull_describe() */
} SmSurvey;

/*
 * Looks at all accounts of the configuration, or at the one of that name (not
 * NULL), and at the alerts of the same and of the whole program. Without a ledger
 * (NULL) nothing has happened yet. SM_ERROR_LEDGER.
 */
SmSurvey *sm_survey_new(const SmConfig *config, SmLedger *ledger, const char *account, gint64 now,
                        GError **error);

/* Adds up the files of all accounts, or in_use: of those that are enabled; of times only the last
 * stored file's. Nothing in it has to be freed. */
SmTotals sm_survey_sum(const SmSurvey *survey, gboolean in_use);

/* Frees survey. */
void sm_survey_free(SmSurvey *survey);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSurvey, sm_survey_free)
