#include "fetch/report/send.h"

#include "common/base/error.h"
#include "common/base/startup.h"
#include "common/base/text.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/send.h"
#include "fetch/host/subprocess.h"
#include "fetch/notes/mailing.h"
#include "fetch/report/calendar.h"
#include "fetch/report/page.h"

enum {
    SENDING_MAX = 30,      /* seconds for the command */
    GONE_AFTER = 600,      /* seconds after which whoever began has died */
    RETRY_AFTER = 15 * 60, /* seconds */
};

/* Hosts in other zones begin their periods at other times. Where a clock was ahead, or periods were
 * shorter, the last one may be the next one; one further ahead would silence reports for long. */
static gboolean
is_same_period(const SmMailing *last, gint64 period, gint64 every)
{
    return last->stage != SM_MAILING_NONE && last->period >= period - every / 2 &&
           last->period <= period + every + every / 2;
}

static gboolean
is_due(const SmMailing *last, gint64 period, gint64 every, gint64 now)
{
    return !is_same_period(last, period, every) ||
           (last->stage == SM_MAILING_FAILED && (last->at <= now || last->at > now + RETRY_AFTER));
}

static gboolean
is_given_up(const SmMailing *last, gint64 period, gint64 every, gint64 now)
{
    return is_same_period(last, period, every) && last->stage == SM_MAILING_SENDING &&
           ABS(now - last->at) > GONE_AFTER;
}

static gboolean
send(const SmConfig *config, SmLedger *ledger, gint64 now, GError **error)
{
    g_autoptr(SmOverview) overview = sm_overview_new(config, ledger, NULL, 0, now, error);
    g_autofree char *letter = overview != NULL ? sm_letter(overview) : NULL;
    g_autofree char *composer = sm_startup_companion("scoremail-compose");
    g_auto(GStrv) argv = sm_alert_sendmail(config, composer, config->report_mail);
    const SmTask task = {.argv = (const char *const *)argv,
                         .input = letter,
                         .limit = g_get_monotonic_time() + SENDING_MAX * G_USEC_PER_SEC};

    if (letter == NULL)
        return FALSE;
    if (!g_file_test(composer, G_FILE_TEST_IS_EXECUTABLE))
        return sm_error_set(error, SM_ERROR_IO, "%s is missing; install scoremail completely",
                            composer);
    if (sm_subprocess_do(&task, NULL, SM_ERROR_IO, error))
        return TRUE;
    g_prefix_error(error, "%s ", config->sendmail[0]);
    return FALSE;
}

/* Says what came of it, in the ledger and by an alert. */
static void
note(SmLedger *ledger, const SmMailing *before, SmMailing *now, const char *said)
{
    g_autoptr(GError) fault = NULL;
    gboolean won;

    if (!sm_mailing_change(ledger, before, now, &won, &fault))
        g_warning("cannot record what came of the report: %s", fault->message);
    if (said == NULL) {
        g_message("report sent");
        sm_alert_clear(ledger, "", SM_ALERT_REPORT);
    } else {
        g_warning("%s", said);
        sm_alert(ledger, "", SM_ALERT_REPORT, said);
    }
}

static void
give_up(SmLedger *ledger, const SmMailing *last)
{
    SmMailing now = {SM_MAILING_SENT, last->period, last->at, NULL, NULL};
    g_autofree char *when = sm_text_time(last->at);
    g_autofree char *said = g_strdup_printf("whether the report of %s was sent is not known, since "
                                            "its process ended meanwhile; it is not sent again",
                                            when);

    note(ledger, last, &now, said);
}

static gboolean
send_and_note(const SmConfig *config, SmLedger *ledger, const SmMailing *sending)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *said = NULL;
    SmMailing now = {SM_MAILING_SENT, sending->period, 0, NULL, NULL};

    if (!send(config, ledger, sending->at, &fault)) {
        now.stage = SM_MAILING_FAILED;
        now.fault = fault->message;
        said = g_strdup_printf("the report was not sent: %s; tried again in %d min", fault->message,
                               RETRY_AFTER / 60);
    }
    now.at = sm_ledger_now() + (fault != NULL ? RETRY_AFTER : 0);
    note(ledger, sending, &now, said);
    return fault == NULL;
}

gboolean
sm_report_send(const SmConfig *config, SmLedger *ledger)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GError) fault = NULL;
    g_auto(SmMailing) last = {0};
    gint64 now = sm_ledger_now(), every = config->report_every;
    const SmMailing sending = {SM_MAILING_SENDING, sm_calendar_period(now, zone, every), now, NULL,
                               NULL};
    gboolean won = FALSE;

    if (config->report_mail == NULL)
        return TRUE;
    if (!sm_mailing_look(ledger, &last, &fault) ||
        (is_due(&last, sending.period, every, now) &&
         !sm_mailing_change(ledger, &last, &sending, &won, &fault))) {
        g_warning("no report: %s", fault->message);
        return FALSE;
    }
    if (is_given_up(&last, sending.period, every, now))
        give_up(ledger, &last);
    return !won || send_and_note(config, ledger, &sending);
}

gboolean
sm_report_is_late(const SmConfig *config, SmLedger *ledger, gint64 before)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_auto(SmMailing) last = {0};
    gint64 period = sm_calendar_period(sm_ledger_now(), zone, config->report_every);

    return config->report_mail != NULL && period < before && sm_mailing_look(ledger, &last, NULL) &&
           last.stage != SM_MAILING_NONE && !is_same_period(&last, period, config->report_every);
}
