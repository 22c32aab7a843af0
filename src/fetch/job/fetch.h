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

/* What became of a name. */
typedef struct {
    SmFile *file;  /* its row as it is now; NULL where it has none, or none that could be read */
    char *outcome; /* a line for people ("stored ...", "dropped ..."); NULL after a failure */
} SmFetched;

/* Frees what is in fetched. */
void sm_fetched_clear(SmFetched *fetched);

/*
 * Takes name, whose row is in the ledger, as far as it goes. TRUE when nothing
 * is left to do; else an error, which is recorded where it is the name's own;
 * *fetched is set in both cases, and cleared by the caller.
 * SM_ERROR_PAUSED: not now; SM_ERROR_BUSY: another process is at work on it;
 * SM_ERROR_CONFLICT, SM_ERROR_GIVEN_UP: only a person can fix it.
 * on-stored is told then; that it fails changes nothing.
 */
gboolean sm_fetch(const SmJob *job, const char *name, SmFetched *fetched, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmFetched, sm_fetched_clear)
