/*
 * This room reports to an office: it gathers what came, what is missing and whether all is well
 * into one struct, and makes a page of it.
 *
 * The overview: all that a report shows, from the ledger alone (and what `status` looks at
 * besides: the spool and the worker's heartbeat). It is as large for a hundred thousand files as
 * for ten, but for the accounts. Numbers of files count each time that one was stored, new or
 * corrected, as `status` and `log` do.
 */
#pragma once

#include <glib.h>

#include "fetch/queries/history.h"
#include "fetch/status/survey.h"
#include "fetch/status/verdict.h"

enum {
    SM_OVERVIEW_WEEKS = 52,
    SM_OVERVIEW_MONTHS = 12,
    SM_OVERVIEW_OPEN = 5,    /* of each account */
    SM_OVERVIEW_NEWEST = 20, /* files; of the lists below, too */
};

/* A week of the last year, and the one 52 weeks before it. */
typedef struct {
    gint64 from; /* its Monday, local midnight; seconds since 1970 */
    gint64 files, files_before;
} SmOverviewWeek;

/* How long files took from the service's delivery date to stored, in seconds. */
typedef struct {
    gint64 files; /* that a listing has dated; without one the rest is 0 and NULL */
    gint64 median, slowest;
    char *slowest_name;
} SmOverviewDelay;

/* A calendar month of the last year. */
typedef struct {
    gint64 from;           /* seconds since 1970 */
    gint64 ways[SM_WAY_N]; /* files by how they came */
    SmOverviewDelay delay;
} SmOverviewMonth;

typedef struct {
    const SmAccountSurvey *survey; /* the account, its totals; lives as long as the overview */
    SmHistoryAccount history;      /* password; names by type in this season */
    gint64 season, season_before;  /* files, as below */
    GPtrArray *open; /* of SmHistoryFile: the newest SM_OVERVIEW_OPEN that wait or failed */
} SmOverviewAccount;

typedef struct {
    SmSurvey *survey;    /* what `status` looks at */
    GPtrArray *concerns; /* of SmConcern: its verdict, the most urgent first */
    GTimeZone *zone;     /* local */
    gint64 now;
    GPtrArray *accounts; /* of SmOverviewAccount, in the order of the configuration */

    /* Files of all accounts, those too that the configuration does not have any more. */
    gint64 week;                  /* in the last seven days, as `status` counts them: of UTC */
    gint64 season, season_before; /* since season_from; a year before, up to this time */
    gint64 season_from;           /* 1 August, or what a person asked for */
    gint64 season_before_from;    /* a year before that */
    gint64 before_until;          /* a year before now */
    gint64 strays;                /* of season: of accounts that are not configured */
    SmOverviewWeek weeks[SM_OVERVIEW_WEEKS];
    SmOverviewMonth months[SM_OVERVIEW_MONTHS];
    SmOverviewDelay delay; /* of all those months */
    gint64 backlog;        /* files without a delay: delivered before their account's first day */

    GPtrArray *newest;      /* of SmHistoryFile */
    GPtrArray *corrections; /* of SmHistoryCorrection since season_from */
    GPtrArray *unwanted;    /* of SmHistoryFile: listed, not wanted */
    gint64 unwanted_count;  /* of all of them */
} SmOverview;

/*
 * Looks at all accounts, or at the one of that name (not NULL), at the time now. ledger may be
 * NULL: nothing has happened yet. since: when the season begins; 0: on 1 August. config must live
 * as long. Caller frees. SM_ERROR_LEDGER.
 */
SmOverview *sm_overview_new(const SmConfig *config, SmLedger *ledger, const char *account,
                            gint64 since, gint64 now, GError **error);

/* Frees overview. */
void sm_overview_free(SmOverview *overview);

/* Whether all is well, in a sentence: "All is well.", "Action is needed: the
 * password was rejected (main), and 1 more." Caller frees. */
char *sm_overview_sentence(const SmOverview *overview);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmOverview, sm_overview_free)
