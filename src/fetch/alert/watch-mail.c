#include "fetch/alert/watch-mail.h"

#include "common/base/text.h"
#include "fetch/alert/alert.h"
#include "fetch/notes/accounts.h"
#include "fetch/rows/files.h"
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

/* The last files whose message would have come by now. */
static gboolean
load_arrivals(SmLedger *ledger, const char *account, gint64 now, SmArrival *files, gsize *count,
              GError **error)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GPtrArray) found =
        sm_file_arrivals(ledger, account, now - SM_WATCH_MAIL_LATE, SM_WATCH_MAIL_FILES, error);

    *count = found != NULL ? found->len : 0;
    for (gsize i = 0; i < *count; i++) {
        const SmFileArrival *arrival = found->pdata[i];

        files[i].by_sync = arrival->by_sync;
        if (arrival->delivered == NULL ||
            !sm_since_read_time(arrival->delivered, utc, &files[i].posted_at))
            files[i].posted_at = arrival->stored_at;
    }
    return found != NULL;
}

static void
tell(SmLedger *ledger, const char *account, gint64 mail_at, gint64 now)
{
    g_autofree char *day = sm_text_time(mail_at);
    g_autofree char *text =
        g_strdup_printf("account %s: the last %d files came by sync without a message; the last "
                        "message came %s; does a filter or rule block notifications?",
                        account, SM_WATCH_MAIL_FILES, day);

    sm_alert_watch(ledger, account, SM_ALERT_MAIL, text, now);
}

void
sm_watch_mail(SmLedger *ledger, const char *account, gint64 now)
{
    SmArrival files[SM_WATCH_MAIL_FILES];
    g_autoptr(GError) fault = NULL;
    gint64 mail_at = 0;
    gsize count;

    if (!sm_account_mail_seen(ledger, account, &mail_at, &fault) ||
        !load_arrivals(ledger, account, now, files, &count, &fault))
        g_info("%s", fault->message);
    else if (sm_watch_mail_is_missed(files, count, mail_at))
        tell(ledger, account, mail_at, now);
    else
        sm_alert_clear(ledger, account, SM_ALERT_MAIL);
}
