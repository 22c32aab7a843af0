/*
 * This room alerts a person: it raises and clears alerts, watches for what does not happen,
 * and sends what is due.
 *
 * Alerts for a person, in the ledger: one row for each kind and account. A cleared alert that was
 * sent lately stays as a row with last = 0.
 */
#pragma once

#include <glib.h>

#include "common/base/alert-kind.h"
#include "common/config/config.h"
#include "fetch/rows/files.h"

/* Seconds after which a watch (watch*.h) raises again what lasts. */
enum { SM_ALERT_REMIND = 86400 };

/*
 * Records an alert of account ("" for the whole program) with text, one line,
 * in a transaction of its own: the caller has none open. It never fails its
 * caller: without a ledger (NULL), or with one that cannot be written, the
 * log has it alone.
 */
void sm_alert(SmLedger *ledger, const char *account, SmAlertKind kind, const char *text);

/*
 * What an attempt at a name of account, begun at the time started, tells: fault,
 * which it ended with, where it is one that a person should know of; or, without
 * one (NULL), that what stood in the way of every file (disk, configuration,
 * keys) does so no longer, if the file was really stored or the service really
 * asked; and, of a name that was dropped, whether the wanted format fails to
 * come (watch.h). file: the name's row as it is now; NULL: none.
 */
void sm_alert_outcome(SmLedger *ledger, const SmAccount *account, const SmFile *file,
                      gint64 started, const GError *fault);

/* Whether it stands with this text. */
gboolean sm_alert_stands_as(SmLedger *ledger, const char *account, SmAlertKind kind,
                            const char *text);

/* Whether fault is about a name that the service may not know: what strangers can cause, and what
 * no wait is about. */
gboolean sm_alert_is_about_unknown(const GError *fault);

/* Tells of file, which fault keeps from being stored, once it has waited for longer than defer_for
 * seconds (G_MAXUINT: for ever): a mail system could not have kept its message any longer. */
void sm_alert_waiting(SmLedger *ledger, const SmFile *file, guint defer_for, const GError *fault);

/* Whether it was raised after that time and still stands. */
gboolean sm_alert_was_raised(SmLedger *ledger, const char *account, SmAlertKind kind, gint64 after);

/* Forgets what is no longer so: the kind's row of account, if it stands. Fails as quietly. */
void sm_alert_clear(SmLedger *ledger, const char *account, SmAlertKind kind);

/* For a watch, which looks again and again: raises what lasts (text, not NULL), and warns of it,
 * once a day by the time now; clears it where text is NULL. */
void sm_alert_watch(SmLedger *ledger, const char *account, SmAlertKind kind, const char *text,
                    gint64 now);

/* Clears all kinds of a set: 1 << SM_ALERT_DISK | ... One look tells which of them stand. */
void sm_alert_clear_set(SmLedger *ledger, const char *account, guint kinds);
