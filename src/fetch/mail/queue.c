#include "fetch/mail/queue.h"

#include "common/base/error.h"
#include "common/event/spool.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/ledger/ledger.h"
#include "fetch/rules/route.h"

static gboolean
is_queued(const SmConfig *config, const SmEvent *event, const char *name)
{
    g_autofree char *why = NULL;
    const SmAccount *account = sm_route(config, event, name, &why);

    return account != NULL ? account->queued : sm_config_is_queued(config);
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

gboolean
sm_queue_put(const SmConfig *config, const SmEvent *event, GError **error)
{
    g_autofree char *silent = NULL;

    if (!sm_spool_put(config->spool, event, error))
        return FALSE;
    if (sm_spool_is_worked(config->spool, config->worker_interval, sm_ledger_now()))
        return TRUE;
    silent = sm_watch_worker_describe(sm_spool_last_beat(config->spool));
    g_set_error(error, SM_ERROR, SM_ERROR_WORKER, "queued in %s, but %s", config->spool, silent);
    return FALSE;
}
