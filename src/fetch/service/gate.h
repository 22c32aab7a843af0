/*
 * The gate before every call with the password: a rejected one is not sent again, and a new one is
 * tried by one process at a time, so that 64 messages at once make one failed login.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"
#include "fetch/service/secret.h"

typedef enum {
    SM_TRIAL_NONE, /* the call did not test the password */
    SM_TRIAL_ACCEPTED,
    SM_TRIAL_REJECTED,
} SmTrial;

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    char *fingerprint;
    gint64 lock; /* the account's lock byte while it is held, else 0 */
    gboolean proven;
    gboolean eager;
    gint64 secret_since; /* when it was proven first, 0: never, or not known */
} SmGate;

/*
 * eager: a person looks, so a rejected password is tried once more, a minute after the
 * last time. Lets the caller make one call with secret; every entry ends with
 * sm_gate_leave(). SM_ERROR_CREDENTIALS when the account is closed,
 * SM_ERROR_BUSY when another process is still trying the password.
 */
gboolean sm_gate_enter(SmGate *gate, SmLedger *ledger, const SmAccount *account,
                       const SmSecret *secret, gboolean eager, GError **error);

/* Records that the service took secret just now: the account is open. SM_ERROR_LEDGER. */
gboolean sm_gate_prove(SmLedger *ledger, const SmAccount *account, const SmSecret *secret,
                       GError **error);

/* Records how the trial ended; reason: the service's words for a rejection. That is an alert, and
 * so is an accepted password that is about to get older than password-max-age. SM_ERROR_LEDGER. */
gboolean sm_gate_leave(SmGate *gate, SmTrial trial, const char *reason, GError **error);

/* The error for a rejected password: names account and the password's source, and what to do.
 * SM_ERROR_CREDENTIALS. */
void sm_gate_set_rejected(GError **error, const SmAccount *account, const char *reason,
                          gint64 rejected_at);

/* What to do about it, in more than one sentence. Caller frees. */
char *sm_gate_advice(const SmAccount *account, const char *reason);
