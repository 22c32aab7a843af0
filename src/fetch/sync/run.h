/*
 * The work of a sync: names, several at a time, each through sm_fetch() with a
 * ledger for its thread. A failure that concerns the other names, too, ends the
 * run; one that concerns its own name does not.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/http/shared.h"
#include "fetch/queries/listing.h"

typedef enum {
    SM_SYNC_LEFT, /* not stored: text says why; NULL: it was not tried */
    SM_SYNC_STORED,
    SM_SYNC_CORRECTED,
    SM_SYNC_OTHERS,    /* stored or corrected meanwhile, by another process, on any host */
    SM_SYNC_UNCHANGED, /* stored before, and still what the service has */
    SM_SYNC_FAILED,    /* not stored, which an earlier sync has said, and no later one will */
    SM_SYNC_DROPPED,   /* dropped or not wanted: text says why */
    SM_SYNC_N_RESULTS
} SmSyncResult;

typedef struct {
    const SmListed *listed;
    gboolean is_new; /* the ledger does not know the name */
    gint64 revision; /* before; -1: not stored */
    SmSyncResult result;
    char *text;
} SmSyncJob;

/* A job for a listed file; file: its row, NULL for a new name. Caller frees with
 * sm_sync_job_free(). */
SmSyncJob *sm_sync_job_new(const SmListed *listed, const SmFile *file);

/* Frees job. */
void sm_sync_job_free(SmSyncJob *job);

typedef struct {
    const SmAccount *account;
    const SmShared *shared;
    guint defer_for; /* seconds that a file may wait before somebody is told; G_MAXUINT: for ever */
    gint64 until;    /* monotonic time after which no job is begun; 0: none */
    SmLedger *ledger; /* which the threads share */
} SmSyncTeam;

/* Works on the jobs (of SmSyncJob), account->parallel transfers at a time, and says each outcome.
 * FALSE only when it could not even begin. SM_ERROR_INTERNAL. */
gboolean sm_sync_run(const SmSyncTeam *team, GPtrArray *jobs, GError **error);
