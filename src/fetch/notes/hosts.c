#include "fetch/notes/hosts.h"

#include <stdio.h>
#include <string.h>

#include "common/base/each.h"
#include "fetch/ledger/keys.h"

enum {
    FORGOTTEN_AFTER = 7 * 86400, /* seconds */
    DOUBLED_FOR = 86400,         /* seconds after the last sign of it */
};

/* The key is "host NAME", its value "BEAT INTERVAL SPOOLED BOOT BEFORE DOUBLED": the ids of this
 * boot and of the one before, and when that was last seen again. */
#define FIRST "host "
#define END "host!"

static void
finish(gpointer made, const SmRow *row)
{
    SmHost *host = made;

    host->name += sizeof FIRST - 1;
    sscanf(sm_row_text(row, 1),
           "%" G_GINT64_MODIFIER "d %u %" G_GINT64_MODIFIER "d %39s %39s %" G_GINT64_MODIFIER "d",
           &host->beat_at, &host->interval, &host->spooled, host->boot, host->before,
           &host->doubled_at);
}

static const SmField of_host[] = {SM_FIELD(SmHost, name)};
static const SmMaker hosts = SM_MAKER(SmHost, of_host, finish);

/* A boot id never returns: if one does, two machines have the same host name. */
static char *
value_of(const SmHost *host, const SmHost *last, gint64 now)
{
    gboolean same = strcmp(last->boot, host->boot) == 0;
    gboolean back = strcmp(last->before, host->boot) == 0;

    return g_strdup_printf("%" G_GINT64_FORMAT " %u %" G_GINT64_FORMAT " %s %s %" G_GINT64_FORMAT,
                           now, host->interval, host->spooled, host->boot,
                           same ? last->before : last->boot, back ? now : last->doubled_at);
}

gboolean
sm_hosts_beat(SmLedger *ledger, const SmHost *host, gint64 now, GError **error)
{
    g_autofree char *name = g_strconcat(FIRST, g_get_host_name(), NULL);
    static const SmHost none = {.boot = "-", .before = "-"};
    g_autofree char *value = NULL;
    g_autofree SmHost *last = NULL;

    if (!sm_db_is_server(ledger->db))
        return TRUE;
    last = sm_db_first(ledger->db, NULL, &hosts, "SELECT name, value FROM keys WHERE name = ?", "s",
                       name);
    value = value_of(host, last != NULL ? last : &none, now);
    return sm_keys_set(ledger, name, value, error) &&
           sm_db_run(ledger->db, error, NULL,
                     "DELETE FROM keys WHERE name >= '" FIRST "' AND name < '" END "'"
                     " AND CAST(substr(value, 1, 10) AS BIGINT) < ?",
                     "i", now - FORGOTTEN_AFTER) &&
           sm_db_run(ledger->db, error, NULL, /* and the alerts that concern such a host only */
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

    SM_EACH (SmHost, host, list) {
        host->doubled = now < host->doubled_at + DOUBLED_FOR;
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
