#include "fetch/ledger/clock.h"

#include "common/base/error.h"

static void
judge(SmClock *clock, gint64 now)
{
    if (clock->seen == 0 ||
        (now <= clock->seen + SM_CLOCK_GAP && now >= clock->seen - SM_CLOCK_BACK))
        return;
    clock->since = now;
    clock->from = clock->seen;
}

static gboolean
get(SmLedger *ledger, const char *key, gint64 *value, GError **error)
{
    return sm_db_integer(ledger->db, error, value,
                         "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM keys"
                         " WHERE name = ?), 0)",
                         "s", key);
}

static gboolean
set(SmLedger *ledger, const char *key, gint64 value, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO keys (name, value) VALUES (?1, ?2)"
                     " ON CONFLICT (name) DO UPDATE SET value = ?2",
                     "si", key, value);
}

gboolean
sm_clock_look(SmLedger *ledger, gint64 now, SmClock *clock, GError **error)
{
    *clock = (SmClock){0};
    if (!get(ledger, "clock-seen", &clock->seen, error) ||
        !get(ledger, "clock-since", &clock->since, error) ||
        !get(ledger, "clock-from", &clock->from, error) ||
        (clock->seen == 0 && !sm_db_integer(ledger->db, error, &clock->seen,
                                            "SELECT coalesce(max(at), 0) FROM log", "")))
        return FALSE;
    judge(clock, now);
    return TRUE;
}

gboolean
sm_clock_note(SmLedger *ledger, gint64 now, const SmClock *clock, GError **error)
{
    return sm_db_end(ledger->db,
                     sm_db_begin(ledger->db, error) && set(ledger, "clock-seen", now, error) &&
                         set(ledger, "clock-since", clock->since, error) &&
                         set(ledger, "clock-from", clock->from, error),
                     error);
}
