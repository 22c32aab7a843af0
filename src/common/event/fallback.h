/*
 * When things are broken: an event that cannot reach the ledger. The mail system is asked to keep
 * the message while that is safe, and then the event waits in the spool: a message that is deferred
 * for days is returned to its sender.
 */
#pragma once

#include "common/base/report.h"
#include "common/event/event.h"

/*
 * Says cause and gives the filter's exit code: EX_TEMPFAIL until event is
 * overdue (sm_event_is_overdue), then EX_OK with the event in the spool (NULL: unknown) and a line
 * in the log, which becomes syslog where none is open. Where the spool fails, too, it stays
 * EX_TEMPFAIL: nothing else has the event.
 */
int sm_fall_back(SmReport *report, const SmEvent *event, const char *cause, const char *spool,
                 guint defer_for);
