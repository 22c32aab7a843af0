#include "fetch/notes/outage.h"

#include "common/base/error.h"
#include "fetch/database/db.h"
#include "fetch/ledger/keys.h"

/* "outage URL ACCOUNT": the keys of a service are those between `outage URL ` and `outage URL!`. */
static char *
key_of(const SmAccount *account, const char *rest)
{
    return g_strconcat("outage ", account->service_url, rest, NULL);
}

void
sm_outage_note(SmLedger *ledger, const SmAccount *account, const GError *fault)
{
    g_autofree char *service = key_of(account, " ");
    g_autofree char *key = g_strconcat(service, account->name, NULL);

    if (g_error_matches(fault, SM_ERROR, SM_ERROR_SERVICE))
        sm_keys_set_time(ledger, key, g_get_real_time(), NULL);
}

gboolean
sm_outage_since(SmLedger *ledger, const SmAccount *account, gint64 since, guint others)
{
    g_autofree char *first = key_of(account, " ");
    g_autofree char *end = key_of(account, "!");
    g_autofree char *own = g_strconcat(first, account->name, NULL);
    gint64 seen = 0; /* a time in the future comes from a clock that was ahead */

    return account->service_url != NULL &&
           sm_db_integer(ledger->db, NULL, &seen,
                         "SELECT sum(CASE name WHEN ?3 THEN ?6 ELSE 1 END) FROM keys WHERE name >= "
                         "?1 AND name < ?2"
                         " AND CASE WHEN name >= ?1 AND name < ?2 THEN CAST(value AS BIGINT) END "
                         "BETWEEN ?4 AND ?5",
                         "sssiii", first, end, own, since, g_get_real_time(), (gint64)others) &&
           seen >= others;
}

void
sm_outage_over(SmLedger *ledger, const SmAccount *account)
{
    g_autofree char *first = key_of(account, " ");
    g_autofree char *end = key_of(account, "!");
    gint64 noted = 0;

    /* looks first, since a DELETE waits for other writers */
    if (sm_db_integer(ledger->db, NULL, &noted,
                      "SELECT count(*) FROM keys WHERE name >= ?1 AND name < ?2", "ss", first,
                      end) &&
        noted > 0)
        sm_db_run(ledger->db, NULL, NULL, "DELETE FROM keys WHERE name >= ?1 AND name < ?2", "ss",
                  first, end);
}
