/* The spool, and who works on what lies there: `scorefetch run`, started by a timer. */
#pragma once

#include "check.h"

void sm_check_spool(SmCheck *check, const SmAccount *none);

/* Whether a worker lives, without which queued delivery answers 75. */
void sm_check_worker(SmCheck *check, const SmAccount *none);

/* What a timer of systemd's is, in what `systemctl is-enabled` says of it. Pure. */
typedef enum {
    SM_UNIT_ON,
    SM_UNIT_OFF,    /* installed, and not started at boot */
    SM_UNIT_ABSENT, /* no such unit, or none of systemd's business */
} SmUnitState;

SmUnitState sm_check_unit_state(const char *said);
