#include "fetch/ledger/outage.h"

#include "fetch/ledger/keys.h"

/* The name of its key. Caller frees. */
static char *
key_of(const char *url)
{
    return g_strconcat("outage ", url, NULL);
}

void
sm_outage_note(SmLedger *ledger, const char *url)
{
    g_autofree char *key = key_of(url);

    sm_keys_set_time(ledger, key, g_get_real_time(), NULL);
}

/* In microseconds; 0: never, or it works again. */
static gint64
noted_at(SmLedger *ledger, const char *url)
{
    g_autofree char *key = key_of(url);
    gint64 at = 0;

    return sm_keys_get_time(ledger, key, &at, NULL) ? at : 0;
}

gboolean
sm_outage_since(SmLedger *ledger, const char *url, gint64 since)
{
    gint64 at = noted_at(ledger, url);

    return at >= since && at != 0 && at <= g_get_real_time(); /* else by a clock that was ahead */
}

void
sm_outage_over(SmLedger *ledger, const char *url)
{
    g_autofree char *key = key_of(url);

    if (noted_at(ledger, url) != 0)
        sm_keys_set_time(ledger, key, 0, NULL);
}
