/*
 * Notices that a mailbox elsewhere is not collected any more. Whatever collects it (a unit of
 * filters/pull) touches a file in the spool, pulled-NAME, after each success.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

enum { SM_WATCH_PULL_AFTER = 86400 /* seconds without a success */ };

/* The pull whose last success is longest ago and, at the time now, too long ago: one line; NULL
 * where there is none. Caller frees. */
char *sm_watch_pull_describe(const char *spool, gint64 now);

/* Raises or clears SM_ALERT_PULL; raised anew once a day. */
void sm_watch_pull(SmLedger *ledger, const char *spool, gint64 now);
