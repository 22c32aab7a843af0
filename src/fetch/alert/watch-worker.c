#include "fetch/alert/watch-worker.h"

#include "common/event/spool.h"
#include "fetch/alert/alert.h"

SmWorkerState
sm_watch_worker_state(const SmConfig *config, gint64 beat, gint64 spooled, gint64 now)
{
    if (sm_spool_beat_is_fresh(beat, config->worker_interval, now))
        return SM_WORKER_ALIVE;
    if (sm_config_is_queued(config))
        return SM_WORKER_NEEDED;
    return beat > 0 || spooled > 0 ? SM_WORKER_SILENT : SM_WORKER_ALIVE;
}

char *
sm_watch_worker_describe(gint64 beat)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(beat);
    g_autofree char *last =
        g_date_time_format(time, "scorefetch run has not run since %Y-%m-%d %H:%M");

    return g_strdup_printf("%s; is scoremail-run.timer enabled?",
                           beat > 0 ? last : "scorefetch run has never run");
}

void
sm_watch_worker(SmLedger *ledger, const SmConfig *config, gint64 now)
{
    gint64 beat = sm_spool_last_beat(config->spool);
    gint64 spooled = sm_spool_count(config->spool);
    SmWorkerState state = sm_watch_worker_state(config, beat, spooled, now);
    g_autofree char *text = sm_watch_worker_describe(beat);

    if ((state != SM_WORKER_NEEDED && (state != SM_WORKER_SILENT || spooled <= 0)) ||
        sm_alert_was_raised(ledger, "", SM_ALERT_WORKER, now - SM_ALERT_REMIND))
        return;
    g_warning("%s", text);
    sm_alert(ledger, "", SM_ALERT_WORKER, text);
}
