/*
 * Notices that mail stops although files come: an account's last files came by sync without a
 * message.
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
 * Whether the last count files lack their messages, if the last message announced one at mail_at
 * (0: none ever did, so none is expected). Files that were posted before it do not count. Pure.
 */
gboolean sm_watch_mail_is_missed(const SmArrival *files, gsize count, gint64 mail_at);

/* Raises SM_ALERT_MAIL for the account, or clears it; at the time now. Raised anew once a day. */
void sm_watch_mail(SmLedger *ledger, const char *account, gint64 now);
