#include "fetch/alert/watch.h"

#include "common/event/name.h"
#include "fetch/alert/alert.h"
#include "fetch/rules/policy.h"

/* Names announced with the one extension since the last with the other. */
static gboolean
count_drops(SmLedger *ledger, const char *account, const char *wanted, const char *dropped,
            gint64 *count, GError **error)
{
    return sm_db_integer(ledger->db, error, count,
                         "SELECT count(DISTINCT name) FROM events WHERE account = ?1"
                         " AND name LIKE '%.' || ?2 AND id > coalesce((SELECT max(id) FROM events"
                         "  WHERE account = ?1 AND name LIKE '%.' || ?3), 0)",
                         "sss", account, dropped, wanted);
}

void
sm_watch_format(SmLedger *ledger, const SmAccount *account)
{
    const char *wanted, *dropped;
    g_autofree char *text = NULL;
    g_autoptr(GError) fault = NULL;
    gint64 count = 0;

    if (!sm_policy_drops(account->format, &wanted, &dropped))
        return;
    if (!count_drops(ledger, account->name, wanted, dropped, &count, &fault)) {
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

void
sm_watch_prune(SmLedger *ledger, const char *account, const char *held)
{
    if (held == NULL) {
        sm_alert_clear(ledger, account, SM_ALERT_PRUNE);
    } else if (!sm_alert_was_raised(ledger, account, SM_ALERT_PRUNE,
                                    sm_ledger_now() - SM_ALERT_REMIND)) {
        g_warning("%s", held);
        sm_alert(ledger, account, SM_ALERT_PRUNE, held);
    }
}

/* When the ledger heard of the account last; it is made to, where it never did. Of what was
 * announced only what is of that time or later is looked through: no row changes before it is made.
 */
static gboolean
last_heard(SmLedger *ledger, const char *account, gint64 after, gint64 *when, GError **error)
{
    if (!sm_db_integer(
            ledger->db, error, when,
            "SELECT max(coalesce((SELECT mail_seen FROM accounts WHERE name = ?1), 0),"
            " coalesce((SELECT max(announced) FROM files WHERE account = ?1 AND updated >= ?2), 0),"
            " coalesce((SELECT max(stored) FROM files WHERE account = ?1 AND stored > 0), 0),"
            " coalesce((SELECT min(at) FROM log WHERE account = ?1), 0))",
            "si", account, after))
        return FALSE;
    return *when > 0 || sm_ledger_log(ledger, account, "", "watched", "expect-every", error);
}

/* Caller frees. */
static char *
describe_time(gint64 seconds)
{
    if (seconds >= 2 * 86400)
        return g_strdup_printf("%d days", (int)(seconds / 86400));
    return g_strdup_printf("%d h", (int)(seconds / 3600));
}

static void
tell_silence(SmLedger *ledger, const SmAccount *account, gint64 since, gint64 now)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(since);
    g_autofree char *day = g_date_time_format(time, "%Y-%m-%d %H:%M");
    g_autofree char *age = describe_time(now - since);
    g_autofree char *text = g_strdup_printf(
        "account %s: nothing announced or fetched since %s, for %s", account->name, day, age);

    g_warning("%s", text);
    sm_alert(ledger, account->name, SM_ALERT_SILENCE, text);
}

void
sm_watch_silence(SmLedger *ledger, const SmAccount *account, gint64 now)
{
    g_autoptr(GError) fault = NULL;
    gint64 since = 0;

    if (account->expect_every == 0)
        return;
    if (!last_heard(ledger, account->name, now - account->expect_every, &since, &fault))
        g_info("%s", fault->message);
    else if (since == 0 || now - since <= account->expect_every)
        sm_alert_clear(ledger, account->name, SM_ALERT_SILENCE);
    else if (!sm_alert_was_raised(ledger, account->name, SM_ALERT_SILENCE, now - SM_ALERT_REMIND))
        tell_silence(ledger, account, since, now);
}
