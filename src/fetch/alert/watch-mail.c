#include "fetch/alert/watch-mail.h"

#include "fetch/alert/alert.h"
#include "fetch/rules/since.h"

gboolean
sm_watch_mail_is_missed(const SmArrival *files, gsize count, gint64 mail_at)
{
    if (mail_at == 0 || count < SM_WATCH_MAIL_FILES)
        return FALSE;
    for (gsize i = 0; i < count; i++)
        if (!files[i].by_sync || files[i].posted_at <= mail_at)
            return FALSE;
    return TRUE;
}

static void
take_arrival(SmArrival *file, sqlite3_stmt *row)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    const char *delivered = (const char *)sqlite3_column_text(row, 1);

    file->by_sync = sqlite3_column_int(row, 0) != 0;
    if (delivered == NULL || !sm_since_read_time(delivered, utc, &file->posted_at))
        file->posted_at = sqlite3_column_int64(row, 2);
}

/* The last files whose message would have come by now. */
static gboolean
load_arrivals(SmLedger *ledger, const char *account, gint64 now, SmArrival *files, gsize *count,
              GError **error)
{
    g_autoptr(sqlite3_stmt) row =
        sm_db_query(ledger->db, error,
                    "SELECT listed > 0 AND origin NOT IN ('get', 'adopt') AND NOT EXISTS"
                    " (SELECT 1 FROM events WHERE events.account = files.account"
                    "  AND events.name = files.name AND kind <> 'listing'),"
                    " listed_delivered, stored FROM files"
                    " WHERE account = ? AND stored > 0 AND stored <= ?"
                    " ORDER BY stored DESC, id DESC LIMIT ?",
                    "sii", account, now - SM_WATCH_MAIL_LATE, (gint64)SM_WATCH_MAIL_FILES);
    GError *fault = NULL;

    *count = 0;
    if (row == NULL)
        return FALSE;
    while (*count < SM_WATCH_MAIL_FILES && sm_db_next(ledger->db, row, &fault))
        take_arrival(&files[(*count)++], row);
    if (fault == NULL)
        return TRUE;
    g_propagate_error(error, fault);
    return FALSE;
}

static void
tell(SmLedger *ledger, const char *account, gint64 mail_at, gint64 now)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(mail_at);
    g_autofree char *day = g_date_time_format(time, "%Y-%m-%d %H:%M");
    g_autofree char *text =
        g_strdup_printf("account %s: the last %d files came by sync without a message; the last "
                        "message came %s; does a filter or rule block notifications?",
                        account, SM_WATCH_MAIL_FILES, day);

    if (sm_alert_was_raised(ledger, account, SM_ALERT_MAIL, now - SM_ALERT_REMIND))
        return;
    g_warning("%s", text);
    sm_alert(ledger, account, SM_ALERT_MAIL, text);
}

void
sm_watch_mail(SmLedger *ledger, const char *account, gint64 now)
{
    SmArrival files[SM_WATCH_MAIL_FILES];
    g_autoptr(GError) fault = NULL;
    gint64 mail_at = 0;
    gsize count;

    if (!sm_db_integer(ledger->db, &fault, &mail_at,
                       "SELECT mail_seen FROM accounts WHERE name = ?", "s", account) ||
        !load_arrivals(ledger, account, now, files, &count, &fault))
        g_info("%s", fault->message);
    else if (sm_watch_mail_is_missed(files, count, mail_at))
        tell(ledger, account, mail_at, now);
    else
        sm_alert_clear(ledger, account, SM_ALERT_MAIL);
}
