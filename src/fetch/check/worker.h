/* The spool, and who works on what lies there: `scorefetch run`, started by a timer. */
#pragma once

#include "fetch/check/check.h"

/* Whether the spool is there, is ours or the site's, and how many events wait in it. */
void sm_check_spool(SmCheck *check, const SmAccount *none);

/* Whether a worker lives, without which queued delivery answers 75. */
void sm_check_worker(SmCheck *check, const SmAccount *none);

/* Whether a mailbox elsewhere is collected; nothing is said where none is. */
void sm_check_pull(SmCheck *check, const SmAccount *none);

/* Whether a site's hourly look at the listing is on; says nothing if it is. */
void sm_check_sync(SmCheck *check, const SmAccount *none);
