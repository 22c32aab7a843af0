/*
 * The guard at the socket: a host that only a pattern of storage-hosts names may resolve to any
 * address. Each address is checked at the moment of connecting, when no later DNS answer can change
 * it.
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
 * `*`. A proxy connects on its own, and is not checked. guard must
 * live as long as the transfer; sm_guard_clear() afterwards.
 */
void sm_guard_set(SmGuard *guard, CURL *handle, const SmAccount *account, const char *url);

/* FALSE and SM_ERROR_URL if a transfer to url failed since no address of its host was allowed. */
gboolean sm_guard_let_pass(const SmGuard *guard, const char *url, GError **error);

/* Frees what the guard noted. */
void sm_guard_clear(SmGuard *guard);
