#include "fetch/notes/said.h"

#include "fetch/ledger/keys.h"

enum { FOR_LONG = 86400 /* seconds until a text is news again */ };

/* Times, sizes and counts differ each time. Caller frees. */
static char *
key_of(const char *text)
{
    g_autofree char *words = g_strdup(text);
    g_autofree char *hash = NULL;

    for (char *c = words; *c != '\0'; c++)
        if (g_ascii_isdigit(*c))
            *c = '0';
    hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, words, -1);
    return g_strconcat("said ", hash, NULL);
}

gboolean
sm_said_is_news(SmLedger *ledger, const char *text, gint64 now)
{
    g_autofree char *key = key_of(text);
    gint64 said = 0;

    if (sm_keys_get_time(ledger, key, &said, NULL) && said > now - FOR_LONG && said <= now)
        return FALSE;
    sm_keys_set_time(ledger, key, now, NULL);
    sm_db_run(
        ledger->db, NULL, NULL,
        "DELETE FROM keys WHERE name LIKE 'said %'"
        " AND CASE WHEN name LIKE 'said %' THEN CAST(value AS BIGINT) END NOT BETWEEN ? AND ?",
        "ii", now - FOR_LONG + 1, now);
    return TRUE;
}
