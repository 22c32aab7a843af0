/*
 * What became of the reports by mail: one row of the table of keys. It says before a report is sent
 * that it is being sent, so that of several processes, also on several hosts, one sends it; and
 * none again where that one died before it could say what came of it.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

typedef enum {
    SM_MAILING_NONE,    /* no report ever */
    SM_MAILING_SENDING, /* since at */
    SM_MAILING_SENT,    /* at */
    SM_MAILING_FAILED,  /* until at, when it may be tried again */
} SmMailingStage;

/* The last report. Times in seconds since 1970. */
typedef struct {
    SmMailingStage stage;
    gint64 period; /* when its period began */
    gint64 at;     /* see the stage */
    char *fault;   /* of SM_MAILING_FAILED, else NULL */
    char *raw;     /* as the ledger had it, in whatever form; NULL: nothing was looked at */
} SmMailing;

/* What the ledger says of the last one. SM_ERROR_LEDGER. */
gboolean sm_mailing_look(SmLedger *ledger, SmMailing *mailing, GError **error);

/* Frees what mailing has. */
void sm_mailing_clear(SmMailing *mailing);

/* Puts now in the place of before, what was looked at; *won: nobody else has changed it meanwhile.
 * SM_ERROR_LEDGER. */
gboolean sm_mailing_change(SmLedger *ledger, const SmMailing *before, const SmMailing *now,
                           gboolean *won, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmMailing, sm_mailing_clear)
