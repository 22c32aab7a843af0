#include "fetch/mail/queue.h"

#include "common/base/error.h"
#include "common/event/spool.h"
#include "fetch/ledger/ledger.h"
#include "fetch/rules/route.h"

gboolean
sm_queue_is_used(const SmConfig *config)
{
    for (guint i = 0; i < config->accounts->len; i++) {
        const SmAccount *account = config->accounts->pdata[i];

        if (account->enabled && account->queued)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_queued(const SmConfig *config, const SmEvent *event, const char *name)
{
    g_autofree char *why = NULL;
    const SmAccount *account = sm_route(config, event, name, &why);

    return account != NULL ? account->queued : sm_queue_is_used(config);
}

void
sm_queue_split(const SmConfig *config, const SmEvent *event, SmEvent **queued, SmEvent **inlined)
{
    g_autoptr(GPtrArray) now = g_ptr_array_new();
    g_autoptr(GPtrArray) later = g_ptr_array_new();
    gboolean odd = event->kind != SM_EVENT_NAMES;

    for (char **name = event->names; *name != NULL; name++)
        g_ptr_array_add(is_queued(config, event, *name) ? later : now, *name);
    *queued = later->len > 0 || (odd && is_queued(config, event, ""))
                  ? sm_event_copy(event, (char **)later->pdata, later->len)
                  : NULL;
    *inlined = now->len > 0 || (odd && *queued == NULL)
                   ? sm_event_copy(event, (char **)now->pdata, now->len)
                   : NULL;
}

char *
sm_queue_last_work(const SmConfig *config)
{
    gint64 beat = sm_spool_last_beat(config->spool);
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(beat);

    return beat > 0 ? g_date_time_format(when, "since %Y-%m-%d %H:%M") : g_strdup("ever");
}

gboolean
sm_queue_put(const SmConfig *config, const SmEvent *event, GError **error)
{
    g_autofree char *beat = NULL;

    if (!sm_spool_put(config->spool, event, error))
        return FALSE;
    if (sm_spool_is_worked(config->spool, config->worker_interval, sm_ledger_now()))
        return TRUE;
    beat = sm_queue_last_work(config);
    g_set_error(error, SM_ERROR, SM_ERROR_WORKER,
                "queued in %s, but no scorefetch run was at work there %s: is its timer "
                "(scoremail-run.timer) on?",
                config->spool, beat);
    return FALSE;
}
