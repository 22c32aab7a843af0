/*
 * Closes in a process that works for one account from here on: by landlock it reaches that
 * account's directory, its password and keys, the ledger, the spool, and what connections need;
 * none of the others' files. A command of the configuration would be closed in as well, and nobody
 * knows what it needs: so a process that may have to start one stays open.
 */
#pragma once

#include "common/config/config.h"

/* Why a process that works for account, of config, stays open, as text for people; NULL: nothing
 * keeps it. */
const char *sm_enclosure_obstacle(const SmConfig *config, const SmAccount *account);

/* Whether the kernel has a landlock that does. */
gboolean sm_enclosure_is_possible(void);

/*
 * Closes the calling thread in, with all that it starts, for good: so before other threads are
 * started. output: a file that is written besides, or NULL; files: what is read besides. Call it
 * once the configuration is read and the ledger open, and only without an obstacle.
 * SM_ERROR_INTERNAL.
 */
gboolean sm_enclosure_enter(const SmConfig *config, const SmAccount *account, const char *output,
                            const char *const *files, GError **error);
