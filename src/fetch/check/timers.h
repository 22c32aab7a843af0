/* What starts the worker and sync again: timers of systemd's, or cron. */
#pragma once

#include "common/config/config.h"

/* What a unit is, in what `systemctl is-enabled` says of it. */
typedef enum {
    SM_UNIT_ON,
    SM_UNIT_OFF,    /* installed, and not started at boot */
    SM_UNIT_ABSENT, /* no such unit, or nothing was said */
} SmUnitState;

/* Pure. */
SmUnitState sm_check_unit_state(const char *said);

/*
 * Whether timer, a unit of the site's, is installed and off, and no crontab that
 * may be read starts command instead. Never for a person's configuration, nor
 * where systemd does not run.
 */
gboolean sm_check_timer_is_off(const SmConfig *config, const char *timer, const char *command);

/* Whether a timer of our user's own systemd starts the worker, as scorefetch setup makes one. */
gboolean sm_check_own_timer(void);

/* Whether that systemd goes on when our user logs out. */
gboolean sm_check_lingers(void);
