/*
 * The table of alerts: one row for each account and kind, however often it
 * happens. What is well again, but was sent lately, stays as a row with last = 0.
 * fetch/alert says what the kinds mean, words and sends them.
 */
#pragma once

#include "fetch/ledger/ledger.h"

/* One block of memory, as all rows of this ledger that are handed out but SmFile: g_free() frees
 * it. */
typedef struct {
    char *account; /* "" for the whole program */
    char *kind;    /* as sm_alert_kind_name() has it */
    char *text;
    gint64 first, last; /* since when, and when last; last 0: it does not stand any more */
    gint64 times;       /* since it was sent last */
    gint64 sent;        /* when it was sent last, 0: never */
    char *key;          /* kind, but "KIND on HOST" where the cause is a host's own: a row each */
} SmAlertRow;

/* It has happened, once more perhaps; key as in the row. SM_ERROR_LEDGER. */
gboolean sm_alerts_raise(SmLedger *ledger, const char *account, const char *key, const char *text,
                         GError **error);

/* It is well again, here at least: a cause of another host's own stands. SM_ERROR_LEDGER. */
gboolean sm_alerts_clear(SmLedger *ledger, const char *account, const char *kind, GError **error);

/* The rows that stand of account and of the whole program; account NULL: all. Of SmAlertRow, by
 * account and kind. Caller frees. SM_ERROR_LEDGER. */
GPtrArray *sm_alerts_standing(SmLedger *ledger, const char *account, GError **error);

/* The row of account and kind if it stands; NULL without an error if not. Caller frees.
 * SM_ERROR_LEDGER. */
SmAlertRow *sm_alerts_find(SmLedger *ledger, const char *account, const char *kind, GError **error);

/*
 * The oldest row that has something to send and was not sent within the last every
 * seconds; of an alert that stands, within a time that doubles up to a week. NULL
 * without an error if there is none. Caller frees. SM_ERROR_LEDGER.
 */
SmAlertRow *sm_alerts_due(SmLedger *ledger, guint every, GError **error);

/* Row was sent as it is; what has happened since stays to be sent. SM_ERROR_LEDGER. */
gboolean sm_alerts_sent(SmLedger *ledger, const SmAlertRow *row, GError **error);
