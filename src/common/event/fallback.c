#include "common/event/fallback.h"

#include <sysexits.h>

#include "common/event/spool.h"

int
sm_fall_back(SmReport *report, const SmEvent *event, const char *cause, const char *spool,
             guint defer_for)
{
    g_autofree char *names = g_strjoinv(", ", event->names);
    g_autoptr(GError) fault = NULL;

    if (!sm_event_is_overdue(event, defer_for, g_get_real_time() / G_USEC_PER_SEC)) {
        g_warning("%s", cause);
        return EX_TEMPFAIL;
    }
    if (report->target == SM_LOG_NONE)
        sm_report_log_to(report, SM_LOG_SYSLOG, NULL, G_LOG_LEVEL_WARNING, NULL);
    if (spool != NULL && sm_spool_put(spool, event, &fault)) {
        g_critical("%s; deferred too long; event (%s) left to scorefetch run, in spool %s", cause,
                   *names != '\0' ? names : "no name", spool);
        return EX_OK;
    }
    g_critical("%s; and the event cannot be spooled (%s): the mail system has to keep %s; fix this",
               cause, fault != NULL ? fault->message : "there is no spool",
               *names != '\0' ? names : "a notification without a name");
    return EX_TEMPFAIL;
}
