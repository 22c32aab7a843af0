/* The table of events: what came, from where, what was decided and why; one row per identity. */
#pragma once

#include <glib.h>

#include "common/event/event.h"
#include "fetch/ledger/ledger.h"

/* That event announces name ("" for an event without names) for account ("" where none was found).
 */
typedef struct {
    const SmEvent *event;
    const char *account, *name;
} SmAnnouncement;

/*
 * Records an announcement and makes the file's row if it has both, in
 * a transaction of its own. The same identity again only counts. A message that
 * came after the last attempt reopens a name that had failed, once its pause is
 * over. SM_ERROR_LEDGER.
 */
gboolean sm_event_record(SmLedger *ledger, const SmAnnouncement *announced, GError **error);

#define SM_REFUSALS_A_DAY 500

/*
 * Records that an announcement, which would have been account's, was refused. It is
 * nobody's event, like one without an account: no row of a file learns of it,
 * and once the refusal's reason is mended the same message is a new one. A message
 * has one small row, whatever is in it, and an account SM_REFUSALS_A_DAY of them; what
 * comes beyond is only counted. SM_ERROR_LEDGER.
 */
gboolean sm_event_refuse(SmLedger *ledger, const SmAnnouncement *announced, const char *why,
                         GError **error);

/* A message that was refused. */
typedef struct {
    char *name;   /* "" for a message without one */
    char *sender; /* of From, "" if there is none */
    char *reason;
    gint64 times, first_at, last_at;
} SmRefusal;

/* What was refused: of SmRefusal, at most max, the last first. SM_ERROR_LEDGER. */
GPtrArray *sm_event_refusals(SmLedger *ledger, guint max, GError **error);

/* Names announced for account with the extension dropped since the last with the one wanted.
 * SM_ERROR_LEDGER. */
gboolean sm_event_count_drops(SmLedger *ledger, const char *account, const char *wanted,
                              const char *dropped, gint64 *count, GError **error);

/*
 * Opens a name that had failed, or was given up quietly, if a message has announced it since the
 * last attempt and its pause is over: sm_event_record() does, also for a message that is handed in
 * again, and the worker for one that came before the pause was over. SM_ERROR_LEDGER.
 */
gboolean sm_event_reopen_failed(SmLedger *ledger, const char *account, const char *name,
                                GError **error);

/* The messages that announced name are no sign that mail comes: the service does not know it. Part
 * of the caller's transaction. SM_ERROR_LEDGER. */
gboolean sm_event_disregard(SmLedger *ledger, const char *account, const char *name,
                            GError **error);

/* Whether it was recorded before; FALSE too on an error. SM_ERROR_LEDGER. */
gboolean sm_event_is_known(SmLedger *ledger, const SmAnnouncement *announced, GError **error);

/* Records the final decision, and why, of an event without a file's row; the log has it once.
 * SM_ERROR_LEDGER. */
gboolean sm_event_close(SmLedger *ledger, const SmAnnouncement *announced, const char *decision,
                        const char *reason, GError **error);

/* What was decided of the event, and why. *changed (may be NULL): 0 if that was recorded before.
 * SM_ERROR_LEDGER. */
gboolean sm_event_decide(SmLedger *ledger, const SmAnnouncement *announced, const char *decision,
                         const char *reason, int *changed, GError **error);

/* What became of the file, once nothing waits for it any more, for all events that waited; part of
 * each update of the file (updates.h). SM_ERROR_LEDGER. */
gboolean sm_event_follow(SmLedger *ledger, const char *account, const char *name, GError **error);
