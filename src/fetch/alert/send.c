#include "fetch/alert/send.h"

#include "common/base/error.h"
#include "fetch/alert/text.h"
#include "fetch/host/subprocess.h"
#include "fetch/ledger/lock.h"

enum { SENDING_MAX = 5 /* seconds that one mail, or one command, may take */ };

typedef struct {
    const SmConfig *config;
    SmLedger *ledger;
    gint64 deadline; /* monotonic time, microseconds */
} Sending;

static gboolean
is_any_due(const Sending *sending)
{
    g_autofree SmAlertRow *row = sm_alerts_due(sending->ledger, sending->config->alert_every, NULL);

    return row != NULL;
}

static gboolean
feed(const Sending *sending, const char *const *argv, const char *input, const char *key,
     GError **error)
{
    gint64 limit = MIN(g_get_monotonic_time() + SENDING_MAX * G_USEC_PER_SEC, sending->deadline);
    const SmTask task = {.argv = argv, .input = input, .limit = limit};

    if (sm_subprocess_do(&task, NULL, SM_ERROR_IO, error))
        return TRUE;
    g_prefix_error(error, "%s: %s ", key, argv[0]);
    return FALSE;
}

GStrv
sm_alert_sendmail(const SmConfig *config, const char *before, char **addresses)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();

    if (before != NULL)
        g_strv_builder_add(argv, before);
    g_strv_builder_addv(argv, (const char **)config->sendmail);
    g_strv_builder_add(argv, "--");
    g_strv_builder_addv(argv, (const char **)addresses);
    return g_strv_builder_end(argv);
}

static gboolean
mail(const Sending *sending, const SmAlertRow *row, GError **error)
{
    const SmConfig *config = sending->config;
    g_autofree char *message = sm_alert_mail(row, config, sm_ledger_now());
    g_auto(GStrv) argv = sm_alert_sendmail(config, NULL, config->alert_mail);

    return feed(sending, (const char *const *)argv, message, "alert-mail", error);
}

static gboolean
command(const Sending *sending, const SmAlertRow *row, GError **error)
{
    g_autofree char *json = sm_alert_json(row, sending->config);

    return feed(sending, (const char *const *)sending->config->alert_command, json, "alert-command",
                error);
}

/* One way is enough: trying the other again would repeat the first. */
static gboolean
send_row(const Sending *sending, const SmAlertRow *row)
{
    g_autoptr(GError) of_mail = NULL;
    g_autoptr(GError) of_command = NULL;
    gboolean sent = sending->config->alert_mail != NULL && mail(sending, row, &of_mail);

    if (sending->config->alert_command != NULL)
        sent |= command(sending, row, &of_command);
    if (of_mail != NULL)
        g_message("alert not sent: %s", of_mail->message);
    if (of_command != NULL)
        g_message("alert not sent: %s", of_command->message);
    if (sent)
        g_info("alert %s sent%s%s", row->kind, *row->account != '\0' ? ", account " : "",
               row->account);
    return sent;
}

/* Whatever came while it was being sent is counted for the next one. */
static gboolean
note_sent(const Sending *sending, const SmAlertRow *row)
{
    g_autoptr(GError) fault = NULL;

    if (sm_alerts_sent(sending->ledger, row, &fault))
        return TRUE;
    g_message("cannot record that an alert was sent: %s", fault->message);
    return FALSE;
}

/* Under the lock. FALSE where it makes no sense to go on. */
static gboolean
send_all(const Sending *sending)
{
    for (;;) {
        g_autofree SmAlertRow *row =
            sm_alerts_due(sending->ledger, sending->config->alert_every, NULL);

        if (row == NULL)
            return TRUE;
        if (g_get_monotonic_time() >= sending->deadline || !send_row(sending, row) ||
            !note_sent(sending, row))
            return FALSE;
    }
}

void
sm_alert_send(const SmConfig *config, SmLedger *ledger)
{
    const Sending sending = {config, ledger,
                             g_get_monotonic_time() + SM_ALERT_BUDGET * G_USEC_PER_SEC};
    gboolean ok = config->alert_mail != NULL || config->alert_command != NULL;

    /* Not an UPDATE that claims the row: after a kill nobody would ever send it. A process that
     * finds the lock taken leaves its alert to the holder, which looks again after releasing it. */
    while (ok && is_any_due(&sending) && sm_lock_take(ledger, SM_LOCK_ALERTS, 0, NULL, NULL)) {
        ok = send_all(&sending);
        sm_lock_drop(ledger, SM_LOCK_ALERTS);
    }
}

gboolean
sm_alert_test(const SmConfig *config, GError **error)
{
    const Sending sending = {config, NULL,
                             g_get_monotonic_time() + SM_ALERT_BUDGET * G_USEC_PER_SEC};
    gint64 now = sm_ledger_now();
    const SmAlertRow row = {.account = (char *)"",
                            .kind = (char *)"test",
                            .key = (char *)"test",
                            .text =
                                (char *)"somebody asked for a test: scorefetch check --alert-test",
                            .first = now,
                            .last = now,
                            .times = 1};

    return (config->alert_mail == NULL || mail(&sending, &row, error)) &&
           (config->alert_command == NULL || command(&sending, &row, error));
}
