/* Reads the trail: who did what, when; rows that nobody rewrites. sm_ledger_log() adds to it. */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

/* Strings are never NULL. */
typedef struct {
    gint64 at;
    char *account; /* "" where the whole ledger is meant, or no account was found */
    char *name;    /* of the file; "" where none is */
    char *action;
    char *detail;
    gint64 uid; /* the real one */
    char *command;
    gint64 id;
} SmLogRow;

/* What rows are wanted; NULL and 0: all. */
typedef struct {
    const char *account;
    const char *name;
    gint64 since, until; /* seconds since 1970; until is not among them */
} SmLogFilter;

/*
 * Hands the rows, SmLogRow, to take, in the order in which they were written, one at a
 * time: there may be millions. It may take its time: a query gives few. SM_ERROR_LEDGER.
 */
gboolean sm_log_read(SmLedger *ledger, const SmLogFilter *filter, SmTakeMade take,
                     gpointer user_data, GError **error);
