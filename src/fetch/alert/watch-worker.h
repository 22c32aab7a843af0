/* Notices that the worker is silent, by the spool and its heartbeat, or that of another host which
 * shares the ledger. */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/notes/hosts.h"

typedef enum {
    SM_WORKER_ALIVE,  /* or none is needed */
    SM_WORKER_SILENT, /* one was there, or events wait: what is left over is not tried again */
    SM_WORKER_NEEDED, /* with delivery = queued nothing is fetched at all */
} SmWorkerState;

/* What the spool shows of the worker. Times are seconds since 1970. */
typedef struct {
    gint64 beat_at;       /* its last heartbeat; 0: there never was one */
    gint64 spooled;       /* events in the spool; -1: not known */
    gint64 untaken_since; /* since when one lies there that no worker has looked at, for longer than
                             two intervals; 0: none does */
    const char *asked;    /* where its start is to be looked for; static */
} SmWorkerSigns;

/* Looks at the spool at the time now. */
void sm_watch_worker_look(const SmConfig *config, gint64 now, SmWorkerSigns *signs);

/*
 * What the signs tell at the time now. Pure. Without delivery = queued a worker is missed only
 * where there was one, or something for it to do.
 */
SmWorkerState sm_watch_worker_state(const SmConfig *config, const SmWorkerSigns *signs, gint64 now);

/* "scorefetch run has not run since ...; ...", or that it takes no events. Caller frees. */
char *sm_watch_worker_describe(const SmWorkerSigns *signs);

/* Raises SM_ALERT_WORKER where one is needed or events wait, or that of another host is silent;
 * sync does, since a dead worker cannot. Raised anew once a day. */
void sm_watch_worker(SmLedger *ledger, const SmConfig *config, gint64 now);

/* This host's worker lives: clears SM_ALERT_WORKER, unless that of another host is silent. */
void sm_watch_worker_lives(SmLedger *ledger, gint64 now);

/* "scorefetch run has not run on HOST since ...; ..." of another host than this one, or that two
 * machines have its name; NULL: all is well. Caller frees. */
char *sm_watch_worker_describe_host(const SmHost *host);
