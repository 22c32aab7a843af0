/*
 * The hosts that share a ledger on a server. Each notes its worker's heartbeat under its host name.
 * A ledger in a file belongs to one machine and has no hosts.
 */
#pragma once

#include <glib.h>

#include "fetch/ledger/ledger.h"

typedef struct {
    char *name;
    char boot[40], before[40]; /* ids of its boot and spool, and of those before; words */
    gint64 beat_at;            /* the last heartbeat, seconds since 1970 by its own clock */
    guint interval;            /* seconds: how often its worker is started */
    gint64 spooled;            /* events in its spool then; -1: not known */
    gboolean silent;           /* no heartbeat for two intervals */
    gint64 doubled_at;         /* when two machines were last seen to have its name; 0: never */
    gboolean doubled;          /* within the last day */
} SmHost;

/* Notes this host's heartbeat at the time now, seconds since 1970, with interval, spooled and boot
 * of host; forgets hosts that were silent for a week. SM_ERROR_LEDGER. */
gboolean sm_hosts_beat(SmLedger *ledger, const SmHost *host, gint64 now, GError **error);

/* The hosts as of the time now, by name: of SmHost. Caller frees. SM_ERROR_LEDGER. */
GPtrArray *sm_hosts_list(SmLedger *ledger, gint64 now, GError **error);

/* The key of what concerns this machine only: on a server, name with the host's name behind it.
 * Caller frees. */
char *sm_hosts_own_key(const SmLedger *ledger, const char *name);
