#include "fetch/notes/hosts.h"

#include <stdio.h>

#include "fetch/ledger/keys.h"

enum { FORGOTTEN_AFTER = 7 * 86400 /* seconds */ };

/* "host NAME": "BEAT INTERVAL SPOOLED". */
#define FIRST "host "
#define END "host!"

static void
finish(gpointer made, const SmRow *row)
{
    SmHost *host = made;

    host->name += sizeof FIRST - 1;
    sscanf(sm_row_text(row, 1), "%" G_GINT64_MODIFIER "d %u %" G_GINT64_MODIFIER "d",
           &host->beat_at, &host->interval, &host->spooled);
}

static const SmField of_host[] = {SM_FIELD(SmHost, name)};
static const SmMaker hosts = SM_MAKER(SmHost, of_host, finish);

gboolean
sm_hosts_beat(SmLedger *ledger, guint interval, gint64 spooled, gint64 now, GError **error)
{
    g_autofree char *name = g_strconcat(FIRST, g_get_host_name(), NULL);
    g_autofree char *value =
        g_strdup_printf("%" G_GINT64_FORMAT " %u %" G_GINT64_FORMAT, now, interval, spooled);

    if (!sm_db_is_server(ledger->db))
        return TRUE;
    return sm_keys_set(ledger, name, value, error) &&
           sm_db_run(ledger->db, error, NULL,
                     "DELETE FROM keys WHERE name >= '" FIRST "' AND name < '" END "'"
                     " AND CAST(substr(value, 1, 10) AS BIGINT) < ?",
                     "i", now - FORGOTTEN_AFTER) &&
           sm_db_run(ledger->db, error, NULL, /* what such a host last said of itself alone, too */
                     "DELETE FROM alerts WHERE instr(kind, ' ') > 0 AND last BETWEEN 1 AND ?", "i",
                     now - FORGOTTEN_AFTER);
}

GPtrArray *
sm_hosts_list(SmLedger *ledger, gint64 now, GError **error)
{
    GPtrArray *list = sm_db_list(ledger->db, error, &hosts,
                                 "SELECT name, value FROM keys WHERE name >= '" FIRST "'"
                                 " AND name < '" END "' ORDER BY name",
                                 "");

    for (guint i = 0; list != NULL && i < list->len; i++) {
        SmHost *host = list->pdata[i];

        host->silent = ABS(now - host->beat_at) > 2 * (gint64)host->interval;
    }
    return list;
}

char *
sm_hosts_own_key(const SmLedger *ledger, const char *name)
{
    if (!sm_db_is_server(ledger->db))
        return g_strdup(name);
    return g_strdup_printf("%s on %s", name, g_get_host_name());
}
