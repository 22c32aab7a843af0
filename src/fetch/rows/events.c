#include "fetch/rows/events.h"

#include "common/base/text.h"
#include "fetch/rows/files.h"
#include "fetch/rules/pause.h"

enum {
    REASON_MAX = 500,
    REFUSAL_MAX = 200,
    SENDER_MAX = 100,
    DAY = 86400,
};

#define UNRECORDED "refused, only counted"

static const char *
kind_name(SmEventKind kind)
{
    switch (kind) {
    case SM_EVENT_NAMES:
        return "names";
    case SM_EVENT_NO_VALID_NAME:
        return "no valid name";
    case SM_EVENT_UNUSABLE:
        return "unusable";
    }
    return "unknown";
}

/* Identifies a message with neither Message-ID nor HTML part by all that is known of it. */
static char *
identity_of(const SmEvent *event)
{
    const char *identity = sm_event_identity(event);
    g_autoptr(GBytes) bytes = NULL;

    if (*identity != '\0')
        return g_strdup(identity);
    bytes = sm_event_encode(event);
    return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
}

static gboolean
insert(SmLedger *ledger, const SmAnnouncement *announced, const char *identity, int *inserted,
       GError **error)
{
    const SmEvent *event = announced->event;
    g_autofree char *recipients =
        g_strjoinv(" ", event->recipients[0] != NULL ? event->recipients : event->to);

    return sm_db_run(ledger->db, error, inserted,
                     "INSERT INTO events (account, name, identity, kind, sender,"
                     " recipients, first_seen, last_seen, reason, received)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)"
                     " ON CONFLICT (account, name, identity) DO NOTHING",
                     "ssssssisi", announced->account, announced->name, identity,
                     kind_name(event->kind), event->from, recipients, sm_ledger_now(),
                     event->reason, MAX(event->received, 0));
}

static gboolean
count_again(SmLedger *ledger, const SmAnnouncement *announced, const char *identity, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE events SET times = times + 1, last_seen = ?"
                     " WHERE account = ? AND name = ? AND identity = ?",
                     "isss", sm_ledger_now(), announced->account, announced->name, identity);
}

gboolean
sm_event_reopen_failed(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    gint64 now = sm_ledger_now();

    return sm_db_run(
        ledger->db, error, NULL,
        "UPDATE files SET state = 'waiting', missing_since = 0, missing_times = 0,"
        " attempts = 0 WHERE account = ?1 AND name = ?2"
        " AND (state = 'failed' OR (state = 'not wanted' AND missing_times > 0))"
        " AND next_attempt NOT BETWEEN ?3 + 1 AND ?4 AND new_covers < (SELECT max(id) FROM events"
        "  WHERE account = ?1 AND name = ?2)",
        "ssii", account, name, now, now + SM_PAUSE_LONGEST);
}

static gboolean
note_mail(SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO accounts (name, mail_seen) VALUES (?1, ?2)"
                     " ON CONFLICT (name) DO UPDATE SET mail_seen = ?2",
                     "si", account, sm_ledger_now());
}

gboolean
sm_event_disregard(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    /* || makes it search from the end, where other messages are soon found */
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE accounts SET mail_seen = coalesce((SELECT e.first_seen FROM events e"
                     "  LEFT JOIN files f ON f.account = e.account AND f.name = e.name"
                     "  WHERE e.account || '' = ?1 AND e.kind <> 'listing'"
                     "  AND NOT coalesce(f.state = 'not wanted' AND f.missing_times > 0, FALSE)"
                     "  ORDER BY e.id DESC LIMIT 1), 0)"
                     " WHERE name = ?1 AND mail_seen <= (SELECT max(first_seen) FROM events"
                     "  WHERE account = ?1 AND name = ?2)",
                     "ss", account, name);
}

/* Creates or reopens the event's row; without an account there is none, since nobody could claim
 * it. */
static gboolean
open_row(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    return *name == '\0' || *account == '\0' ||
           (sm_file_ensure(ledger, account, name, error) &&
            sm_event_reopen_failed(ledger, account, name, error));
}

static gboolean
record(SmLedger *ledger, const SmAnnouncement *announced, GError **error)
{
    const char *account = announced->account, *name = announced->name;
    g_autofree char *identity = identity_of(announced->event);
    int inserted;

    if (!insert(ledger, announced, identity, &inserted, error))
        return FALSE;
    if (!(inserted == 0 ? count_again(ledger, announced, identity, error)
                        : sm_ledger_log(ledger, account, name, "announced", identity, error) &&
                              note_mail(ledger, account, error)))
        return FALSE;
    return open_row(ledger, account, name, error);
}

gboolean
sm_event_record(SmLedger *ledger, const SmAnnouncement *announced, GError **error)
{
    return SM_TRANSACTION(ledger->db, announced->account, error, record(ledger, announced, error));
}

/* Small whatever a stranger sends: hashes the identity, and cuts From. */
static gboolean
insert_refusal(SmLedger *ledger, const SmAnnouncement *announced, const char *identity,
               const char *why, GError **error)
{
    g_autofree char *sender = sm_text_clean(announced->event->from, SENDER_MAX);

    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO events (account, name, identity, kind, sender, recipients,"
                     " first_seen, last_seen, decision, reason)"
                     " VALUES ('', ?1, ?2, ?3, ?4, '', ?5, ?5, 'refused', ?6)"
                     " ON CONFLICT (account, name, identity) DO NOTHING",
                     "ssssis", announced->name, identity, kind_name(announced->event->kind), sender,
                     sm_ledger_now(), why) &&
           sm_ledger_log(ledger, announced->account, announced->name, "refused", why, error);
}

/* Only counts refusals beyond the day's limit. */
static gboolean
count_refusal(SmLedger *ledger, const char *account, gint64 day, GError **error)
{
    gint64 before;

    return sm_db_integer(ledger->db, error, &before,
                         "SELECT times FROM days WHERE account = ? AND day = ? AND action = ?",
                         "sis", account, day, UNRECORDED) &&
           (before > 0 ||
            sm_ledger_log(ledger, account, "", "refused",
                          "more than " G_STRINGIFY(SM_REFUSALS_A_DAY) " messages today; the others"
                                                                      " are only counted",
                          error)) &&
           sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO days (account, day, action, times) VALUES (?, ?, ?, 1)"
                     " ON CONFLICT (account, day, action) DO UPDATE SET times = days.times + 1",
                     "sis", account, day, UNRECORDED);
}

/* One row per message, however many names it has. */
static gboolean
refuse(SmLedger *ledger, const SmAnnouncement *announced, const char *why, GError **error)
{
    g_autofree char *whole = identity_of(announced->event);
    g_autofree char *identity = g_compute_checksum_for_string(G_CHECKSUM_SHA256, whole, -1);
    g_autofree char *clean = sm_text_clean(why, REFUSAL_MAX);
    gint64 day = sm_ledger_now() / DAY, today;
    int known;

    if (!sm_db_run(ledger->db, error, &known,
                   "UPDATE events SET times = times + 1, last_seen = ?, reason = ?"
                   " WHERE account = '' AND decision = 'refused' AND identity = ?",
                   "iss", sm_ledger_now(), clean, identity) ||
        !sm_db_integer(ledger->db, error, &today,
                       "SELECT times FROM days WHERE account = ? AND day = ?"
                       " AND action = 'refused'",
                       "si", announced->account, day))
        return FALSE;
    if (known > 0)
        return TRUE;
    return today < SM_REFUSALS_A_DAY ? insert_refusal(ledger, announced, identity, clean, error)
                                     : count_refusal(ledger, announced->account, day, error);
}

gboolean
sm_event_refuse(SmLedger *ledger, const SmAnnouncement *announced, const char *why, GError **error)
{
    return SM_TRANSACTION(ledger->db, announced->account, error,
                          refuse(ledger, announced, why, error));
}

static const SmField of_refusal[] = {SM_FIELD(SmRefusal, name),     SM_FIELD(SmRefusal, sender),
                                     SM_FIELD(SmRefusal, reason),   SM_FIELD(SmRefusal, times),
                                     SM_FIELD(SmRefusal, first_at), SM_FIELD(SmRefusal, last_at)};
static const SmMaker refusals = SM_MAKER(SmRefusal, of_refusal, NULL);

GPtrArray *
sm_event_refusals(SmLedger *ledger, guint max, GError **error)
{
    return sm_db_list(ledger->db, error, &refusals,
                      "SELECT name, sender, reason, times, first_seen, last_seen FROM events"
                      " WHERE account || '' = '' AND decision = 'refused'"
                      " ORDER BY last_seen DESC, id DESC LIMIT ?",
                      "i", (gint64)max);
}

gboolean
sm_event_count_drops(SmLedger *ledger, const char *account, const char *wanted, const char *dropped,
                     gint64 *count, GError **error)
{
    return sm_db_integer(
        ledger->db, error, count,
        "SELECT count(DISTINCT name) FROM events WHERE account = ?1"
        " AND lower(name) LIKE '%.' || lower(?2) AND id > coalesce((SELECT max(id) FROM events"
        "  WHERE account = ?1 AND lower(name) LIKE '%.' || lower(?3)), 0)",
        "sss", account, dropped, wanted);
}

gboolean
sm_event_is_known(SmLedger *ledger, const SmAnnouncement *announced, GError **error)
{
    g_autofree char *identity = identity_of(announced->event);
    gboolean known;

    return sm_db_has(ledger->db, error, &known,
                     "SELECT 1 FROM events WHERE account = ? AND name = ? AND identity = ?", "sss",
                     announced->account, announced->name, identity) &&
           known;
}

gboolean
sm_event_decide(SmLedger *ledger, const SmAnnouncement *announced, const char *decision,
                const char *reason, int *changed, GError **error)
{
    g_autofree char *identity = identity_of(announced->event);
    g_autofree char *clean = sm_text_clean(reason, REASON_MAX);

    return sm_db_run(ledger->db, error, changed,
                     "UPDATE events SET decision = ?1, reason = ?2 WHERE account = ?3"
                     " AND name = ?4 AND identity = ?5 AND (decision <> ?1 OR reason <> ?2)",
                     "sssss", decision, clean, announced->account, announced->name, identity);
}

gboolean
sm_event_close(SmLedger *ledger, const SmAnnouncement *announced, const char *decision,
               const char *reason, GError **error)
{
    int changed = 0;

    return SM_TRANSACTION(
        ledger->db, announced->account, error,
        sm_event_decide(ledger, announced, decision, reason, &changed, error) &&
            (changed == 0 ||
             sm_ledger_log(ledger, announced->account, announced->name, decision, reason, error)));
}

gboolean
sm_event_follow(SmLedger *ledger, const char *account, const char *name, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE events SET (decision, reason) = (SELECT state, reason FROM files"
                     "  WHERE account = ?1 AND name = ?2)"
                     " WHERE account = ?1 AND name = ?2 AND decision = 'waiting'"
                     " AND EXISTS (SELECT 1 FROM files WHERE account = ?1 AND name = ?2"
                     "  AND unanswered = 0 AND state NOT IN ('waiting', 'placing'))",
                     "ss", account, name);
}
