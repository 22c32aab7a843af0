#include "fetch/alert/alert.h"

#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/event.h"
#include "fetch/alert/text.h"
#include "fetch/alert/watch.h"
#include "fetch/notes/alerts.h"
#include "fetch/notes/hosts.h"
#include "fetch/rules/policy.h"

enum { TEXT_MAX = 500 };

static void
raise_as(SmLedger *ledger, const char *account, SmAlertKind kind, const char *key, const char *text)
{
    g_autofree char *clean = sm_text_clean(text, TEXT_MAX);
    g_autoptr(GError) fault = NULL;

    /* a server's session may have been cut off: better that it counts twice than not at all */
    if (ledger == NULL ||
        ((!sm_db_is_server(ledger->db) || !sm_alerts_raise(ledger, account, key, clean, NULL)) &&
         !sm_alerts_raise(ledger, account, key, clean, &fault)))
        g_critical("alert %s, not recorded in the ledger (%s): %s", sm_alert_kind_name(kind),
                   fault != NULL ? fault->message : "it cannot be opened", clean);
}

void
sm_alert(SmLedger *ledger, const char *account, SmAlertKind kind, const char *text)
{
    raise_as(ledger, account, kind, sm_alert_kind_name(kind), text);
}

/* Of hosts that share a ledger one may have a cause of its own, while others get on. */
static void
alert_of_fault(SmLedger *ledger, const char *account, const GError *fault)
{
    SmAlertKind kind = sm_error_facts(fault)->alert;
    g_autofree char *key = NULL;
    g_autofree char *text = NULL;

    if (kind == SM_ALERT_NONE)
        return;
    if (ledger == NULL || !sm_db_is_server(ledger->db) || !sm_error_is_of_host(fault)) {
        sm_alert(ledger, account, kind, fault->message);
        return;
    }
    key = sm_hosts_own_key(ledger, sm_alert_kind_name(kind));
    text = g_strdup_printf("host %s: %s", g_get_host_name(), fault->message);
    raise_as(ledger, account, kind, key, text);
}

gboolean
sm_alert_is_about_unknown(const GError *fault)
{
    return g_error_matches(fault, SM_ERROR, SM_ERROR_UNKNOWN) ||
           g_error_matches(fault, SM_ERROR, SM_ERROR_NOT_FOUND);
}

void
sm_alert_waiting(SmLedger *ledger, const SmFile *file, guint defer_for, const GError *fault)
{
    if (file != NULL && !sm_alert_is_about_unknown(fault) &&
        sm_event_has_waited(file->announced_at, defer_for, sm_ledger_now()))
        sm_alert(ledger, file->account, SM_ALERT_WAITING, fault->message);
}

gboolean
sm_alert_stands_as(SmLedger *ledger, const char *account, SmAlertKind kind, const char *text)
{
    g_autofree char *clean = sm_text_clean(text, TEXT_MAX);
    g_autofree SmAlertRow *row = sm_alerts_find(ledger, account, sm_alert_kind_name(kind), NULL);

    return row != NULL && g_str_equal(row->text, clean);
}

gboolean
sm_alert_was_raised(SmLedger *ledger, const char *account, SmAlertKind kind, gint64 after)
{
    g_autofree SmAlertRow *row = sm_alerts_find(ledger, account, sm_alert_kind_name(kind), NULL);

    /* not what a clock that was ahead has raised: it would keep us silent until then */
    return row != NULL && row->last > after && row->last <= sm_ledger_now() + SM_ALERT_REMIND;
}

/* Which of the kinds stand, as a set; none if the ledger cannot be read. */
static guint
find_standing(SmLedger *ledger, const char *account, guint kinds)
{
    g_autoptr(GPtrArray) rows = sm_alerts_standing(ledger, account, NULL);
    guint standing = 0;

    SM_EACH (const SmAlertRow, row, rows) {
        SmAlertKind kind = sm_alert_kind_named(row->kind);

        if (kind != SM_ALERT_NONE && g_str_equal(row->account, account))
            standing |= 1U << kind;
    }
    return standing & kinds;
}

void
sm_alert_clear_set(SmLedger *ledger, const char *account, guint kinds)
{
    g_autoptr(GError) fault = NULL;
    guint standing = find_standing(ledger, account, kinds);
    gboolean ok = TRUE;

    for (guint kind = 0; ok && standing >> kind != 0; kind++)
        if ((standing >> kind & 1) != 0)
            ok = sm_alerts_clear(ledger, account, sm_alert_kind_name(kind), &fault);
    if (!ok)
        g_info("%s", fault->message);
}

void
sm_alert_clear(SmLedger *ledger, const char *account, SmAlertKind kind)
{
    sm_alert_clear_set(ledger, account, 1U << kind);
}

void
sm_alert_watch(SmLedger *ledger, const char *account, SmAlertKind kind, const char *text,
               gint64 now)
{
    if (text == NULL) {
        sm_alert_clear(ledger, account, kind);
    } else if (!sm_alert_was_raised(ledger, account, kind, now - SM_ALERT_REMIND)) {
        g_warning("%s", text);
        sm_alert(ledger, account, kind, text);
    }
}

/* Clears alerts about obstacles to every file, if this one has come through since then.
 */
static guint
find_passed(const SmFile *file, gint64 since)
{
    guint passed = 0;

    if (file->stored_at >= since)
        passed |= 1U << SM_ALERT_DISK;
    if (file->stored_at >= since && sm_policy_is_pair(file->name))
        passed |= 1U << SM_ALERT_FORMAT;
    if (file->stored_at >= since || file->looked_at >= since)
        passed |= 1U << SM_ALERT_ACCOUNT | 1U << SM_ALERT_CREDENTIALS | 1U << SM_ALERT_ENCRYPTION |
                  1U << SM_ALERT_HOST | 1U << SM_ALERT_TRUST;
    return passed;
}

void
sm_alert_outcome(SmLedger *ledger, const SmAccount *account, const SmFile *file, gint64 started,
                 const GError *fault)
{
    if (fault != NULL) {
        alert_of_fault(ledger, account->name, fault);
        return;
    }
    if (file != NULL && find_passed(file, started) != 0)
        sm_alert_clear_set(ledger, account->name, find_passed(file, started));
    /* It reads many rows: only where there may be news. */
    if (file != NULL && file->state == SM_FILE_DROPPED)
        sm_watch_format(ledger, account);
    if (file != NULL && file->state == SM_FILE_NOT_WANTED)
        sm_watch_extension(ledger, account, file);
}
