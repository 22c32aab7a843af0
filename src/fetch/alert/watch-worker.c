#include "fetch/alert/watch-worker.h"

#include "common/base/text.h"
#include "common/event/spool.h"
#include "fetch/alert/alert.h"

void
sm_watch_worker_look(const SmConfig *config, gint64 now, SmWorkerSigns *signs)
{
    signs->asked = config->site ? "does scoremail-run.timer or cron start it?"
                                : "does a timer or cron start it?";
    signs->beat_at = sm_spool_last_beat(config->spool);
    signs->spooled = sm_spool_count(config->spool);
    signs->untaken_since = sm_spool_untaken(config->spool, config->worker_interval, now);
}

SmWorkerState
sm_watch_worker_state(const SmConfig *config, const SmWorkerSigns *signs, gint64 now)
{
    if (sm_spool_beat_is_fresh(signs->beat_at, config->worker_interval, now) &&
        signs->untaken_since == 0)
        return SM_WORKER_ALIVE;
    if (sm_config_is_queued(config))
        return SM_WORKER_NEEDED;
    return signs->beat_at > 0 || signs->spooled > 0 ? SM_WORKER_SILENT : SM_WORKER_ALIVE;
}

char *
sm_watch_worker_describe(const SmWorkerSigns *signs)
{
    g_autofree char *beat = sm_text_time(signs->beat_at);
    g_autofree char *since = sm_text_time(signs->untaken_since);

    if (signs->beat_at == 0)
        return g_strdup_printf("scorefetch run has never run; %s", signs->asked);
    if (signs->untaken_since > signs->beat_at || signs->untaken_since == 0)
        return g_strdup_printf("scorefetch run has not run since %s; %s", beat, signs->asked);
    return g_strdup_printf("scorefetch run has taken no event out of the spool since %s, and was"
                           " last seen at %s; does it hang?",
                           since, beat);
}

char *
sm_watch_worker_describe_host(const SmHost *host)
{
    g_autofree char *beat = sm_text_time(host->beat_at);

    if (host->doubled)
        return g_strdup_printf("two machines that share the ledger have the host name %s; give each"
                               " a name of its own",
                               host->name);
    if (!host->silent || g_str_equal(host->name, g_get_host_name()))
        return NULL;
    return g_strdup_printf("scorefetch run has not run on %s since %s; is that host up, its clock"
                           " right, and does a timer or cron start it there?",
                           host->name, beat);
}

/* What is to be said of the first host with trouble; NULL: of none. Caller frees. */
static char *
describe_hosts(SmLedger *ledger, gint64 now)
{
    g_autoptr(GPtrArray) hosts = sm_hosts_list(ledger, now, NULL);
    char *text = NULL;

    for (guint i = 0; text == NULL && hosts != NULL && i < hosts->len; i++)
        text = sm_watch_worker_describe_host(hosts->pdata[i]);
    return text;
}

void
sm_watch_worker(SmLedger *ledger, const SmConfig *config, gint64 now)
{
    SmWorkerSigns signs;
    SmWorkerState state;
    g_autofree char *text = NULL;

    sm_watch_worker_look(config, now, &signs);
    state = sm_watch_worker_state(config, &signs, now);
    if (state == SM_WORKER_NEEDED || (state == SM_WORKER_SILENT && signs.spooled > 0))
        text = sm_watch_worker_describe(&signs);
    else
        text = describe_hosts(ledger, now);
    if (text != NULL)
        sm_alert_watch(ledger, "", SM_ALERT_WORKER, text, now);
}

void
sm_watch_worker_lives(SmLedger *ledger, gint64 now)
{
    g_autofree char *text = describe_hosts(ledger, now);

    sm_alert_watch(ledger, "", SM_ALERT_WORKER, text, now);
}
