#include "fetch/alert/alert.h"

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/alert/watch.h"
#include "fetch/ledger/files.h"
#include "fetch/rules/policy.h"

enum { TEXT_MAX = 500 };

static const char *const kind_names[SM_ALERT_N_KINDS] = {
    [SM_ALERT_CREDENTIALS] = "credentials",
    [SM_ALERT_SECRET_AGE] = "password-age",
    [SM_ALERT_FORM] = "form",
    [SM_ALERT_UNUSABLE] = "unusable",
    [SM_ALERT_NO_ACCOUNT] = "no-account",
    [SM_ALERT_ACCOUNT] = "account",
    [SM_ALERT_WAITING] = "waiting",
    [SM_ALERT_FORMAT] = "format",
    [SM_ALERT_DISK] = "disk",
    [SM_ALERT_MISSING] = "missing",
    [SM_ALERT_DAMAGED] = "damaged",
    [SM_ALERT_CONFLICT] = "conflict",
    [SM_ALERT_ENCRYPTION] = "encryption",
    [SM_ALERT_HOOK] = "hook",
    [SM_ALERT_WORKER] = "worker",
    [SM_ALERT_SILENCE] = "silence",
    [SM_ALERT_MAIL] = "mail",
    [SM_ALERT_SPOOL] = "spool",
    [SM_ALERT_SANDBOX] = "sandbox",
};

const char *
sm_alert_kind_name(SmAlertKind kind)
{
    return kind_names[kind];
}

void
sm_alert(SmLedger *ledger, const char *account, SmAlertKind kind, const char *text)
{
    g_autofree char *clean = sm_text_clean(text, TEXT_MAX);
    g_autoptr(GError) fault = NULL;

    if (ledger == NULL ||
        !sm_db_run(ledger->db, &fault, NULL,
                   "INSERT INTO alerts (account, kind, text, first, last)"
                   " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (account, kind)"
                   " DO UPDATE SET text = ?3, times = times + 1,"
                   " first = CASE WHEN last = 0 THEN ?4 ELSE first END, last = ?4",
                   "sssi", account, kind_names[kind], clean, sm_ledger_now()))
        g_critical("alert %s, which the ledger cannot keep (%s): %s", kind_names[kind],
                   fault != NULL ? fault->message : "it cannot be opened", clean);
}

gboolean
sm_alert_was_raised(SmLedger *ledger, const char *account, SmAlertKind kind, gint64 after)
{
    gint64 last = 0;

    return sm_db_integer(ledger->db, NULL, &last,
                         "SELECT last FROM alerts WHERE account = ? AND kind = ?", "ss", account,
                         kind_names[kind]) &&
           last > after;
}

void
sm_alert_clear(SmLedger *ledger, const char *account, SmAlertKind kind)
{
    g_autoptr(GError) fault = NULL;

    /* When it was sent stays: what comes and goes is no reason to send it each time. */
    if (!sm_db_run(ledger->db, &fault, NULL,
                   "DELETE FROM alerts WHERE account = ? AND kind = ? AND sent = 0", "ss", account,
                   kind_names[kind]) ||
        !sm_db_run(ledger->db, &fault, NULL,
                   "UPDATE alerts SET times = 0, last = 0 WHERE account = ? AND kind = ?", "ss",
                   account, kind_names[kind]))
        g_info("%s", fault->message);
}

/* What stood in the way of every file does so no longer, if this one has come through since then.
 */
static void
clear_passing(SmLedger *ledger, const SmFile *file, gint64 since)
{
    if (file->stored_at >= since)
        sm_alert_clear(ledger, file->account, SM_ALERT_DISK);
    if (file->stored_at >= since && sm_policy_is_pair(file->name))
        sm_alert_clear(ledger, file->account, SM_ALERT_FORMAT);
    if (file->stored_at >= since || file->looked_at >= since)
        sm_alert_clear(ledger, file->account, SM_ALERT_ACCOUNT);
}

void
sm_alert_outcome(SmLedger *ledger, const SmAccount *account, const char *name, gint64 started,
                 const GError *fault)
{
    g_autoptr(SmFile) file = NULL;

    if (fault != NULL) {
        if (sm_error_facts(fault)->alert != SM_ALERT_NONE)
            sm_alert(ledger, account->name, sm_error_facts(fault)->alert, fault->message);
        return;
    }
    file = sm_file_load(ledger, account->name, name, NULL);
    if (file != NULL)
        clear_passing(ledger, file, started);
    /* It reads many rows: only where there may be news. */
    if (file != NULL && file->state == SM_FILE_DROPPED)
        sm_watch_format(ledger, account);
}
