#include "fetch/notes/clock.h"

#include "fetch/ledger/keys.h"
#include "fetch/notes/hosts.h"

enum { NOTED_FOR = 3600 /* seconds between two notes: each costs a sync */ };

static void
judge(SmClock *clock, gint64 now)
{
    if (clock->seen == 0 ||
        (now <= clock->seen + SM_CLOCK_GAP && now >= clock->seen - SM_CLOCK_BACK))
        return;
    clock->since = now;
    clock->from = clock->seen;
}

/* Each machine has a clock of its own. */
static gboolean
get(SmLedger *ledger, const char *name, gint64 *value, GError **error)
{
    g_autofree char *key = sm_hosts_own_key(ledger, name);

    return sm_keys_get_time(ledger, key, value, error);
}

static gboolean
set(SmLedger *ledger, const char *name, gint64 value, GError **error)
{
    g_autofree char *key = sm_hosts_own_key(ledger, name);

    return sm_keys_set_time(ledger, key, value, error);
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
    gint64 noted;

    if (!get(ledger, "clock-seen", &noted, error))
        return FALSE;
    if (clock->since != now && now >= noted && now - noted < NOTED_FOR)
        return TRUE;
    return SM_TRANSACTION(ledger->db, "", error,
                          set(ledger, "clock-seen", now, error) &&
                              set(ledger, "clock-since", clock->since, error) &&
                              set(ledger, "clock-from", clock->from, error));
}
