/*
 * The guard at the socket: a host that storage-hosts names by a pattern only may
 * be anybody's, and its name may lead anywhere. So its addresses are looked at as
 * they are connected to, when no later answer of a name server can change them.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/host/autoptr.h"

typedef struct {
    const char *const *storage_hosts;
    char *refused;    /* the last address that was, NULL: none */
    gboolean allowed; /* whether another one was not */
} SmGuard;

/*
 * Has handle, about to get url, connect to public addresses alone, unless host
 * or address and port stand in the account's storage-hosts literally, without a
 * `*`. A proxy connects for us to what it likes, and is not looked at. guard must
 * live as long as the transfer; sm_guard_clear() afterwards.
 */
void sm_guard_set(SmGuard *guard, CURL *handle, const SmAccount *account, const char *url);

/* FALSE and SM_ERROR_URL if a transfer to url failed since no address of its host was allowed. */
gboolean sm_guard_let_pass(const SmGuard *guard, const char *url, GError **error);

/* Frees what the guard noted. */
void sm_guard_clear(SmGuard *guard);
