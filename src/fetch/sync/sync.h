/*
 * This room turns the service's listing into jobs: what is listed and not stored is fetched.
 *
 * The sync of one account: the service's listing is compared with the ledger,
 * and what is not stored is fetched, by the same policy as for mail.
 */
#pragma once

#include "common/base/report.h"
#include "common/config/config.h"
#include "fetch/host/crew.h"
#include "fetch/ledger/ledger.h"

typedef struct {
    SmReport
        *report;     /* whose lines the progress on a terminal makes way for; NULL: none is shown */
    guint defer_for; /* seconds a file may wait before somebody is told; G_MAXUINT: for ever */
    const char *since;   /* as sm_since_parse() reads it; NULL: not said */
    gboolean all;        /* also a first time fetches everything */
    gboolean mark_known; /* nothing is fetched: what is new is taken as had already */
    gboolean in_passing; /* leaves open how far back the account's own first sync reaches */
    gboolean dry_run;    /* nothing changed: says what would be done */
    SmCrewNote *note;    /* where progress is noted; NULL: nowhere */
    gint64 until;        /* monotonic time after which no file is begun; 0: none */
    /* a service that has failed since then (microseconds since 1970) is not asked; 0: it is */
    gint64 round_at;
} SmSyncOptions;

/*
 * TRUE when nothing is left; the summary has been said. Without since, all and
 * mark_known a first sync that finds files which the ledger does not know only
 * says so. *left: some files are; then the summary says which, and there is no error.
 * *interrupted: a signal ended it. Errors: those of the listing, SM_ERROR_LEDGER, SM_ERROR_USAGE,
 * SM_ERROR_PAUSED (the service has failed in this round).
 */
gboolean sm_sync(SmLedger *ledger, SmAccount *account, const SmSyncOptions *options, gboolean *left,
                 gboolean *interrupted, GError **error);
