#include "fetch/notes/alerts.h"

#include "fetch/notes/hosts.h"

enum { LONGEST_PAUSE = 7 * 86400 /* seconds between two mails of one alert that stands */ };

#define COLUMNS                                                                                    \
    "SELECT account, substr(kind, 1, instr(kind || ' ', ' ') - 1), kind, text, first, last,"       \
    " times, sent FROM alerts"

static const SmField of_alert[] = {SM_FIELD(SmAlertRow, account), SM_FIELD(SmAlertRow, kind),
                                   SM_FIELD(SmAlertRow, key),     SM_FIELD(SmAlertRow, text),
                                   SM_FIELD(SmAlertRow, first),   SM_FIELD(SmAlertRow, last),
                                   SM_FIELD(SmAlertRow, times),   SM_FIELD(SmAlertRow, sent)};
static const SmMaker alerts = SM_MAKER(SmAlertRow, of_alert, NULL);

gboolean
sm_alerts_raise(SmLedger *ledger, const char *account, const char *key, const char *text,
                GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO alerts (account, kind, text, first, last)"
                     " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (account, kind)"
                     " DO UPDATE SET text = ?3, times = alerts.times + 1,"
                     " first = CASE WHEN alerts.last = 0 THEN ?4 ELSE alerts.first END, last = ?4",
                     "sssi", account, key, text, sm_ledger_now());
}

/* Keeps when it was sent, so that an alert that comes and goes is not sent each time. */
gboolean
sm_alerts_clear(SmLedger *ledger, const char *account, const char *kind, GError **error)
{
    g_autofree char *own = sm_hosts_own_key(ledger, kind);

    return sm_db_run(ledger->db, error, NULL,
                     "DELETE FROM alerts WHERE account = ? AND kind IN (?, ?) AND sent = 0", "sss",
                     account, kind, own) &&
           sm_db_run(ledger->db, error, NULL,
                     "UPDATE alerts SET times = 0, last = 0 WHERE account = ? AND kind IN (?, ?)",
                     "sss", account, kind, own);
}

GPtrArray *
sm_alerts_standing(SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_list(ledger->db, error, &alerts,
                      COLUMNS " WHERE last > 0 AND account IN ('', coalesce(?, account))"
                              " ORDER BY account, kind",
                      "s", account);
}

SmAlertRow *
sm_alerts_find(SmLedger *ledger, const char *account, const char *kind, GError **error)
{
    return sm_db_first(ledger->db, error, &alerts,
                       COLUMNS " WHERE account = ? AND kind = ? AND last > 0", "ss", account, kind);
}

/* The pause is the time from raising to the last sending, so it doubles while the alert stands. An
 * alert sent in the future, by a clock that was ahead, is sent again. */
SmAlertRow *
sm_alerts_due(SmLedger *ledger, guint every, GError **error)
{
    return sm_db_first(ledger->db, error, &alerts,
                       COLUMNS " WHERE times > 0 AND (sent > ?1 OR sent <= ?1"
                               " - CASE WHEN sent - first <= ?2 THEN ?2"
                               " WHEN sent - first >= ?3 THEN ?3 ELSE sent - first END)"
                               " ORDER BY first, account, kind LIMIT 1",
                       "iii", sm_ledger_now(), (gint64)every, (gint64)MAX(every, LONGEST_PAUSE));
}

gboolean
sm_alerts_sent(SmLedger *ledger, const SmAlertRow *row, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE alerts SET sent = ?1, times = max(times - ?2, 0) WHERE account = ?3"
                     " AND kind = ?4 AND sent = ?5",
                     "iissi", sm_ledger_now(), row->times, row->account, row->key, row->sent);
}
