/*
 * Notices that mail no longer comes although files do: the last ones of an account
 * came by sync, and no message has announced them.
 */
#pragma once

#include "fetch/ledger/ledger.h"

enum {
    SM_WATCH_MAIL_FILES = 3,
    SM_WATCH_MAIL_LATE = 2 * 3600, /* seconds that a message may come after its file */
};

/* A stored file. */
typedef struct {
    gboolean by_sync; /* listed, and neither mail nor a person asked for it */
    gint64 posted_at; /* when the service says that it was, else when it was stored */
} SmArrival;

/*
 * Whether mail is missed by the last count files, where the last message announced
 * one at mail_at (0: none ever did, so nobody expects one). Files that were
 * posted before it tell nothing: they are of a time when nobody listened. Pure.
 */
gboolean sm_watch_mail_is_missed(const SmArrival *files, gsize count, gint64 mail_at);

/* Raises SM_ALERT_MAIL for the account, or clears it; at the time now. Raised anew once a day. */
void sm_watch_mail(SmLedger *ledger, const char *account, gint64 now);
