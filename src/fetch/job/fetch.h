/*
 * This room does one job, a name, from the decision to the row: claim, decide, download,
 * place, record, hook.
 *
 * One name, from announced to stored: claim, decision, recovery of what a dead
 * process left, download, placing, record. Everything that fetches goes through
 * here; what differs is in SmJob.
 */
#pragma once

#include <glib.h>

#include "fetch/job/job.h"

/* The result for a name. */
typedef struct {
    SmFile *file;      /* its row as it is now; NULL: none, or not readable */
    char *outcome;     /* a line for people ("stored ...", "dropped ..."); NULL after a failure */
    gboolean was_done; /* nothing was left to do, or another process did it meanwhile */
} SmFetched;

/* Frees the members. */
void sm_fetched_clear(SmFetched *fetched);

/*
 * Fetches name, which has a row in the ledger. TRUE when nothing is left to do; else an error,
 * which is recorded if it is the name's own. *fetched is set in both cases; the caller clears it.
 * SM_ERROR_PAUSED: not now; SM_ERROR_BUSY: another process works on it; SM_ERROR_CONFLICT,
 * SM_ERROR_GIVEN_UP: only a person can fix it; the account's own fault, if it has one. Then
 * on-stored runs; its failure changes nothing.
 */
gboolean sm_fetch(const SmJob *job, const char *name, SmFetched *fetched, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmFetched, sm_fetched_clear)
