/*
 * What a view that renews itself shows: the survey, what is being downloaded just now, and what
 * waits. It asks the ledger and its lock file only, never a destination, whose share may be dead.
 */
#pragma once

#include <glib.h>

#include "fetch/rows/files.h"
#include "fetch/status/survey.h"

/* What has been seen of the downloads so far, by their rows: rates come from two looks. */
typedef GHashTable SmRates;

/* A file that a process works on. */
typedef struct {
    char *name;          /* with its account, where there are several */
    SmFileState state;   /* placing: all bytes have come */
    gint64 bytes, total; /* negative: not known (yet) */
    double rate;         /* bytes a second over some 10 s; 0: not known yet */
} SmLiveDownload;

typedef struct {
    SmSurvey *survey;
    GPtrArray *concerns;  /* of SmConcern (verdict.h) */
    GPtrArray *downloads; /* of SmLiveDownload */
    GPtrArray *waiting;   /* of SmFile, by their next attempt: the first of them */
    gint64 waiting_all;   /* how many there are */
} SmLive;

/* Nothing has been seen. Caller frees. */
SmRates *sm_rates_new(void);

/* A look, at all accounts or the one of that name (not NULL); ledger may be NULL: there is none
 * yet. SM_ERROR_LEDGER. */
SmLive *sm_live_new(const SmConfig *config, SmLedger *ledger, const char *account, SmRates *rates,
                    GError **error);

/* Frees live. */
void sm_live_free(SmLive *live);

/* live (NULL: nothing was seen yet) as lines for so many columns and rows, in strings: what matters
 * least is left out where there is no room. notice: what is said before it, or NULL. */
GPtrArray *sm_live_lines(const SmLive *live, const char *notice, guint columns, guint rows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmRates, g_hash_table_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmLive, sm_live_free)
