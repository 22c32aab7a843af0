#include "fetch/ledger/clock.h"

#include "fetch/ledger/keys.h"

enum { NOTED_FOR = 3600 /* seconds that one note is good for: each costs a sync of the disk */ };

static void
judge(SmClock *clock, gint64 now)
{
    if (clock->seen == 0 ||
        (now <= clock->seen + SM_CLOCK_GAP && now >= clock->seen - SM_CLOCK_BACK))
        return;
    clock->since = now;
    clock->from = clock->seen;
}

gboolean
sm_clock_look(SmLedger *ledger, gint64 now, SmClock *clock, GError **error)
{
    *clock = (SmClock){0};
    if (!sm_keys_get_time(ledger, "clock-seen", &clock->seen, error) ||
        !sm_keys_get_time(ledger, "clock-since", &clock->since, error) ||
        !sm_keys_get_time(ledger, "clock-from", &clock->from, error) ||
        (clock->seen == 0 && !sm_db_integer(ledger->db, error, &clock->seen,
                                            "SELECT coalesce(max(at), 0) FROM log", "")))
        return FALSE;
    judge(clock, now);
    return TRUE;
}

gboolean
sm_clock_note(SmLedger *ledger, gint64 now, const SmClock *clock, GError **error)
{
    gint64 noted;

    if (!sm_keys_get_time(ledger, "clock-seen", &noted, error))
        return FALSE;
    if (clock->since != now && now >= noted && now - noted < NOTED_FOR)
        return TRUE;
    return sm_db_end(ledger->db,
                     sm_db_begin(ledger->db, "", error) &&
                         sm_keys_set_time(ledger, "clock-seen", now, error) &&
                         sm_keys_set_time(ledger, "clock-since", clock->since, error) &&
                         sm_keys_set_time(ledger, "clock-from", clock->from, error),
                     error);
}
