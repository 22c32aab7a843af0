#include "fetch/service/channel.h"

#include "fetch/host/progress.h"
#include "fetch/host/together.h"
#include "fetch/http/engine.h"
#include "fetch/http/pace.h"
#include "fetch/service/login.h"

static void
interrupt(gpointer data)
{
    SmChannel *channel = data;

    SmHttpEngine *engine = g_atomic_pointer_get(&channel->shared.engine);

    sm_pace_stop(channel->shared.pace);
    if (engine != NULL)
        sm_http_engine_stop(engine);
}

gboolean
sm_channel_open(SmChannel *channel, const SmAccount *account, GError **error)
{
    SmHttpEngine *engine;

    *channel = (SmChannel){.shared = {.pace = sm_pace_new(account->parallel),
                                      .token = sm_token_new(),
                                      .directory = sm_together_new(),
                                      .ledger = sm_together_new()}};
    channel->shared.failed_host = &channel->failed_host;
    /* before the first thread, which inherits what is blocked */
    channel->stop = sm_stop_new(interrupt, channel);
    /* one to the service and one to the store for each transfer */
    engine = sm_http_engine_new_shared(account->parallel * 2, error);
    g_atomic_pointer_set(&channel->shared.engine, engine);
    return engine != NULL;
}

gboolean
sm_channel_was_interrupted(const SmChannel *channel)
{
    return sm_pace_has_stopped(channel->shared.pace);
}

void
sm_channel_close(SmChannel *channel)
{
    g_clear_pointer(&channel->stop, sm_stop_free);
    g_clear_pointer(&channel->shared.progress, sm_progress_free);
    g_clear_pointer(&channel->shared.engine, sm_http_engine_free);
    g_clear_pointer(&channel->shared.token, sm_token_free);
    g_clear_pointer(&channel->shared.directory, sm_together_free);
    g_clear_pointer(&channel->shared.ledger, sm_together_free);
    g_clear_pointer(&channel->shared.pace, sm_pace_free);
}
