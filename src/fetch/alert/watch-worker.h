/* Notices that the worker is silent, by the spool and its heartbeat. */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/ledger/ledger.h"

typedef enum {
    SM_WORKER_ALIVE,  /* or nobody needs one */
    SM_WORKER_SILENT, /* one was there, or events wait: what is left over is not tried again */
    SM_WORKER_NEEDED, /* with delivery = queued nothing is fetched at all */
} SmWorkerState;

/*
 * What a heartbeat of that time (0: there never was one) and so many events in the spool (-1:
 * not known) tell at the time now. Pure. Without delivery = queued a worker is missed only where
 * there was one, or something for it to do.
 */
SmWorkerState sm_watch_worker_state(const SmConfig *config, gint64 beat, gint64 spooled,
                                    gint64 now);

/* "scorefetch run has not run since ...; ...", by the time of the last heartbeat (0: none). Caller
 * frees. */
char *sm_watch_worker_describe(gint64 beat);

/* Raises SM_ALERT_WORKER where one is needed or events wait; sync does, since a dead worker cannot.
 * Raised anew once a day. */
void sm_watch_worker(SmLedger *ledger, const SmConfig *config, gint64 now);
