#include "fetch/alert/watch.h"

#include "common/base/text.h"
#include "common/event/name.h"
#include "fetch/alert/alert.h"
#include "fetch/notes/accounts.h"
#include "fetch/notes/syncs.h"
#include "fetch/rows/events.h"
#include "fetch/rules/policy.h"

void
sm_watch_format(SmLedger *ledger, const SmAccount *account)
{
    const char *wanted, *dropped;
    g_autofree char *text = NULL;
    g_autoptr(GError) fault = NULL;
    gint64 count = 0;

    if (!sm_policy_drops(account->format, &wanted, &dropped))
        return;
    if (!sm_event_count_drops(ledger, account->name, wanted, dropped, &count, &fault)) {
        g_info("%s", fault->message);
        return;
    }
    if (count < SM_POLICY_DROPS_MAX) {
        sm_alert_clear(ledger, account->name, SM_ALERT_FORMAT);
        return;
    }
    text = g_strdup_printf(
        "account %s: the last %d announced files are .%s, which format = %s drops, and none is .%s",
        account->name, (int)count, dropped, sm_format_name(account->format), wanted);
    sm_alert(ledger, account->name, SM_ALERT_FORMAT, text);
}

void
sm_watch_extension(SmLedger *ledger, const SmAccount *account, const SmFile *file)
{
    const char *extension = sm_name_extension(file->name);
    g_autofree char *lower = g_ascii_strdown(extension, -1);
    g_autofree char *text = NULL;
    gint64 older;

    if (g_strv_contains(sm_default_extensions, lower) ||
        g_strv_contains((const char *const *)account->extensions, lower) ||
        !sm_file_count_alike(ledger, file, &older, NULL) || older > 0)
        return;
    text =
        g_strdup_printf("%s is not fetched, since extensions of account %s lacks %s; add it there"
                        " if such files are wanted, and scorefetch get %s fetches this one",
                        file->name, account->name, lower, file->name);
    if (!sm_alert_stands_as(ledger, account->name, SM_ALERT_EXTENSION, text))
        sm_alert(ledger, account->name, SM_ALERT_EXTENSION, text);
}

/* When the ledger heard of the account last; it is made to, where it never did. */
static gboolean
last_heard(SmLedger *ledger, const char *account, gint64 after, gint64 *when, GError **error)
{
    return sm_account_heard(ledger, account, after, when, error) &&
           (*when > 0 || sm_ledger_log(ledger, account, "", "watched", "expect-every", error));
}

/* Caller frees. */
static char *
describe_time(gint64 seconds)
{
    if (seconds >= 2 * 86400)
        return g_strdup_printf("%d days", (int)(seconds / 86400));
    return g_strdup_printf("%d h", (int)(seconds / 3600));
}

void
sm_watch_silence(SmLedger *ledger, const SmAccount *account, gint64 now)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    gint64 since = 0;

    if (account->expect_every == 0)
        return;
    if (!last_heard(ledger, account->name, now - account->expect_every, &since, &fault)) {
        g_info("%s", fault->message);
        return;
    }
    if (since != 0 && now - since > account->expect_every) {
        g_autofree char *day = sm_text_time(since);
        g_autofree char *age = describe_time(now - since);

        text = g_strdup_printf("account %s: nothing announced or fetched since %s, for %s",
                               account->name, day, age);
    }
    sm_alert_watch(ledger, account->name, SM_ALERT_SILENCE, text, now);
}

/* The last complete sync, or since when one is missed; the ledger is made to know that. */
static gboolean
last_complete(SmLedger *ledger, const char *account, gint64 *when, GError **error)
{
    SmSyncRecord record;

    if (!sm_sync_look(ledger, account, &record, error))
        return FALSE;
    *when = record.synced;
    return *when > 0 || sm_sync_missed_since(ledger, account, when, error);
}

void
sm_watch_sync(SmLedger *ledger, const SmAccount *account, gint64 now)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    gint64 since = 0;

    if (account->expect_listing == 0)
        return;
    if (!last_complete(ledger, account->name, &since, &fault)) {
        g_info("%s", fault->message);
        return;
    }
    if (now - since > account->expect_listing) {
        g_autofree char *age = describe_time(now - since);

        text = g_strdup_printf("account %s: no sync was complete for %s", account->name, age);
    }
    sm_alert_watch(ledger, account->name, SM_ALERT_LISTING, text, now);
}
