#include "fetch/service/gate.h"

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/alert/alert.h"
#include "fetch/ledger/lock.h"
#include "fetch/notes/accounts.h"
#include "fetch/rules/refusal.h"

enum { TRIAL_WAIT = 30 /* seconds */ };

void
sm_gate_set_rejected(GError **error, const SmAccount *account, const char *reason,
                     gint64 rejected_at)
{
    g_autofree char *at = sm_text_time(rejected_at);
    g_autofree char *source = sm_secret_source(account);

    if (sm_refusal_kind(403, reason) == SM_REFUSAL_ROLE)
        sm_error_set(error, SM_ERROR_CREDENTIALS,
                     "account %s: the user %s lacks the role to download files (%s, at %s); have it"
                     " given back at the portal, then run scorefetch retry -a %s",
                     account->name, account->username, reason, at, account->name);
    else
        sm_error_set(
            error, SM_ERROR_CREDENTIALS,
            "account %s: the service rejected user name or password at %s (%s); not retried"
            " until %s has another password or the portal is put right (see scorefetch"
            " check)",
            account->name, at, reason, source);
}

char *
sm_gate_advice(const SmAccount *account, const char *reason)
{
    if (sm_refusal_kind(403, reason) == SM_REFUSAL_ROLE)
        return g_strdup("whoever manages the users at the portal gives roles");
    return g_strdup_printf("passwords expire unless somebody signs in when the portal asks for it;"
                           " %s, or after a change at the portal alone run scorefetch retry -a %s",
                           account->password_file != NULL ? "scorefetch passwd writes another one"
                                                          : "give the account another one",
                           account->name);
}

/* The standing, closed as an error. */
static SmAccountRecord *
look(SmGate *gate, GError **error)
{
    g_autofree SmAccountRecord *record =
        sm_account_look(gate->ledger, gate->account->name, gate->fingerprint, gate->eager, error);

    if (record == NULL)
        return NULL;
    if (record->standing == SM_ACCOUNT_CLOSED) {
        sm_gate_set_rejected(error, gate->account, record->reason, record->rejected_at);
        return NULL;
    }
    gate->proven = record->standing == SM_ACCOUNT_PROVEN;
    gate->secret_since = record->secret_since;
    return g_steal_pointer(&record);
}

/* Calls may come every few minutes for two weeks: alert once a day. */
static void
warn_of_age(const SmGate *gate)
{
    const char *account = gate->account->name;
    gint64 now = sm_ledger_now();
    g_autofree char *warning = sm_secret_age_warning(gate->account, gate->secret_since, now);
    gint64 after = warning != NULL ? now - SM_ALERT_REMIND : 0;
    gboolean raised = sm_alert_was_raised(gate->ledger, account, SM_ALERT_SECRET_AGE, after);

    if (warning != NULL && !raised)
        sm_alert(gate->ledger, account, SM_ALERT_SECRET_AGE, warning);
    if (warning == NULL && raised)
        sm_alert_clear(gate->ledger, account, SM_ALERT_SECRET_AGE);
}

/* An upgraded ledger has proven passwords of which it does not know since when; one whose clock was
 * ahead, of which it knows a time that is still to come. */
static gboolean
note_proof(SmGate *gate, GError **error)
{
    const char *account = gate->account->name;

    if (gate->proven && gate->secret_since > 0 && gate->secret_since <= sm_ledger_now()) {
        warn_of_age(gate);
        return TRUE;
    }
    if (!sm_account_proven(gate->ledger, account, gate->fingerprint, error))
        return FALSE;
    sm_alert_clear_set(gate->ledger, account,
                       1U << SM_ALERT_SECRET_AGE | 1U << SM_ALERT_CREDENTIALS);
    return TRUE;
}

static gboolean
note_rejection(SmGate *gate, const char *reason, GError **error)
{
    const char *account = gate->account->name;
    g_autoptr(GError) rejection = NULL;

    if (!sm_account_rejected(gate->ledger, account, gate->fingerprint, reason, error))
        return FALSE;
    sm_gate_set_rejected(&rejection, gate->account, reason, sm_ledger_now());
    sm_alert(gate->ledger, account, SM_ALERT_CREDENTIALS, rejection->message);
    return TRUE;
}

static void
drop_trial_lock(SmGate *gate)
{
    if (gate->lock != 0)
        sm_lock_drop(gate->ledger, gate->lock);
    gate->lock = 0;
}

/* before: the standing without the lock, and whether it came with a probe. */
static gboolean
take_trial_lock(SmGate *gate, const SmAccountRecord *before, GError **error)
{
    gint64 byte = SM_LOCK_ACCOUNTS + before->id;
    gboolean probing = before->rejected_at != 0;
    g_autofree SmAccountRecord *record = NULL;
    gboolean waited;

    if (!sm_lock_take(gate->ledger, byte, TRIAL_WAIT, &waited, error)) {
        g_prefix_error(error, "account %s: first use of the password: ", gate->account->name);
        return FALSE;
    }
    gate->lock = byte;
    if (probing && !waited)
        return TRUE; /* our own probe; another look would find the account closed again */
    /* The lock's last holder may have proven the password, or closed the account. */
    record = look(gate, error);
    if (record == NULL || gate->proven)
        drop_trial_lock(gate);
    return record != NULL;
}

gboolean
sm_gate_enter(SmGate *gate, SmLedger *ledger, const SmAccount *account, const SmSecret *secret,
              gboolean eager, GError **error)
{
    g_autofree char *key = sm_account_fingerprint_key(ledger, error);
    g_autofree SmAccountRecord *record = NULL;

    if (key == NULL)
        return FALSE;
    gate->ledger = ledger;
    gate->account = account;
    gate->lock = 0;
    gate->proven = FALSE;
    gate->eager = eager;
    gate->fingerprint = sm_secret_fingerprint(secret, account->username, key);
    record = look(gate, error);
    if (record != NULL && (gate->proven || take_trial_lock(gate, record, error)))
        return TRUE;
    g_clear_pointer(&gate->fingerprint, g_free);
    return FALSE;
}

gboolean
sm_gate_prove(SmLedger *ledger, const SmAccount *account, const SmSecret *secret, GError **error)
{
    g_autofree char *key = sm_account_fingerprint_key(ledger, error);
    SmGate gate = {.ledger = ledger, .account = account};
    g_autofree SmAccountRecord *record = NULL;
    gboolean ok;

    if (key == NULL)
        return FALSE;
    gate.fingerprint = sm_secret_fingerprint(secret, account->username, key);
    record = sm_account_look(ledger, account->name, gate.fingerprint, FALSE, error); /* the row */
    ok = record != NULL && note_proof(&gate, error);
    g_free(gate.fingerprint);
    return ok;
}

gboolean
sm_gate_leave(SmGate *gate, SmTrial trial, const char *reason, GError **error)
{
    gboolean ok = TRUE;

    if (trial == SM_TRIAL_REJECTED)
        ok = note_rejection(gate, reason, error);
    else if (trial == SM_TRIAL_ACCEPTED)
        ok = note_proof(gate, error);
    drop_trial_lock(gate);
    g_clear_pointer(&gate->fingerprint, g_free);
    return ok;
}
