#include "fetch/rows/unknown.h"

/* The event's sender from the "@" on: the part that a sender cannot choose freely. */
#define DOMAIN(event) "lower(substr(" event ".sender, instr(" event ".sender, '@') + 1))"

/* Whether e's sender has the domain of own's. */
#define OF_DOMAIN DOMAIN("e") " = " DOMAIN("own")

static const SmField of_count[] = {SM_FIELD(SmUnknowns, of_message),
                                   SM_FIELD(SmUnknowns, of_domain), SM_FIELD(SmUnknowns, of_all),
                                   SM_FIELD(SmUnknowns, alike)};
static const SmMaker counts = SM_MAKER(SmUnknowns, of_count, NULL);

gboolean
sm_unknowns_count(SmLedger *ledger, const SmFile *file, gint64 now, SmUnknowns *unknown,
                  GError **error)
{
    g_autofree char *prefix = sm_unknown_prefix(file->name);
    g_autofree SmUnknowns *found = sm_db_first(
        ledger->db, error, &counts,
        "SELECT count(*) FILTER (WHERE e.identity = own.identity),"
        " count(*) FILTER (WHERE " OF_DOMAIN "), count(*),"
        " count(*) FILTER (WHERE substr(f.name, 1, length(?4)) = ?4)"
        " FROM files f LEFT JOIN events e ON e.id = (SELECT max(id) FROM events"
        "  WHERE account = f.account AND name = f.name) LEFT JOIN events own ON own.id = ?3"
        " WHERE f.account = ?1 AND f.missing_since > 0 AND f.missing_since BETWEEN ?2 + 1 AND ?5"
        " AND f.stored = 0 AND f.attempts > 0 AND (?6 <> 0"
        "  OR NOT coalesce(e.received > 0 AND e.received + 86400 < f.announced, FALSE))",
        "siisii", file->account, now - SM_UNKNOWN_WINDOW, file->newest_event, prefix, now,
        (gint64)sm_unknown_is_old(file->posted_at, file->announced_at));

    if (found != NULL)
        *unknown = *found;
    return found != NULL;
}

gboolean
sm_unknown_resembles_stored(SmLedger *ledger, const SmFile *file, gboolean *resembles,
                            GError **error)
{
    g_autofree char *prefix = sm_unknown_prefix(file->name);

    *resembles = FALSE;
    return prefix == NULL ||
           sm_db_has(ledger->db, error, resembles,
                     "SELECT 1 FROM files WHERE account = ?1 AND name >= ?2 AND name < ?2 || ?3"
                     " AND stored > 0 LIMIT 1",
                     "sss", file->account, prefix, "\xf4\x8f\xbf\xbf" /* the last character */);
}

gboolean
sm_unknown_has_known_sender(SmLedger *ledger, const SmFile *file, gboolean *known, GError **error)
{
    return sm_db_has(ledger->db, error, known,
                     "SELECT 1 FROM events e JOIN events own ON own.account = e.account"
                     " AND own.kind = 'names' AND " OF_DOMAIN
                     " JOIN files f ON f.account = own.account AND f.name = own.name"
                     " AND f.stored > 0 WHERE e.account = ?1 AND e.name = ?2 AND e.kind = 'names'"
                     " AND instr(e.sender, '@') > 0 LIMIT 1",
                     "ss", file->account, file->name);
}

gboolean
sm_unknown_count_others(SmLedger *ledger, const SmFile *file, gint64 since, gint64 *count,
                        GError **error)
{
    return sm_db_integer(
        ledger->db, error, count,
        "SELECT count(*) FROM files WHERE account = ? AND id <> ? AND missing_since > 0"
        " AND stored = 0 AND listed = 0 AND (state = 'failed' OR missing_since > ?)",
        "sii", file->account, file->id, since);
}

gboolean
sm_unknown_missed(SmLedger *ledger, const SmFile *file, gint64 next, GError **error)
{
    return sm_db_run(
        ledger->db, error, NULL,
        "UPDATE files SET missing_since = iif(missing_times = 0 OR missing_since > ?1, ?1,"
        "  missing_since), missing_times = missing_times + 1, next_attempt = ?2, updated = ?1,"
        " reason = 'the service does not list it'"
        " WHERE id = ?3 AND fence = ?4 AND state = 'waiting' AND listed = 0",
        "iiii", sm_ledger_now(), next, file->id, file->fence);
}

gboolean
sm_unknown_take_turn(SmLedger *ledger, const char *account, gint64 now, gboolean *taken,
                     GError **error)
{
    int changed = 0;
    gboolean ok = sm_db_run(ledger->db, error, &changed,
                            "INSERT INTO accounts (name, looked) VALUES (?1, ?2)"
                            " ON CONFLICT (name) DO UPDATE SET looked = ?2"
                            " WHERE accounts.looked NOT BETWEEN ?3 AND ?2",
                            "sii", account, now, now - SM_UNKNOWN_LISTING_PAUSE + 1);

    *taken = ok && changed > 0;
    return ok;
}
