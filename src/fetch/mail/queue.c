#include "fetch/mail/queue.h"

#include "common/base/error.h"
#include "common/event/spool.h"
#include "fetch/alert/watch-worker.h"
#include "fetch/ledger/ledger.h"

gboolean
sm_queue_put(const SmConfig *config, const SmEvent *event, GError **error)
{
    g_autofree char *silent = NULL;
    SmWorkerSigns signs;

    if (!sm_spool_put(config->spool, event, error))
        return FALSE;
    if (sm_spool_is_worked(config->spool, config->worker_interval, sm_ledger_now()))
        return TRUE;
    sm_watch_worker_look(config, sm_ledger_now(), &signs);
    silent = sm_watch_worker_describe(&signs);
    return sm_error_set(error, SM_ERROR_WORKER, "queued in %s, but %s", config->spool, silent);
}
