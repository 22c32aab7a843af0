/*
 * The way to the service for the calls and transfers of one account: connections,
 * token and pace, which a signal can end.
 */
#pragma once

#include "common/config/config.h"
#include "fetch/host/stop.h"
#include "fetch/http/shared.h"

typedef struct {
    SmShared shared;
    SmStop *stop;
    gint failed_host; /* see SmShared */
} SmChannel;

/* SIGINT and SIGTERM end the channel from now on. SM_ERROR_INTERNAL. To be closed whatever it
 * returns. */
gboolean sm_channel_open(SmChannel *channel, const SmAccount *account, GError **error);

/* Ends the channel; signals are as they were. */
void sm_channel_close(SmChannel *channel);

/* Whether a signal has ended the channel. */
gboolean sm_channel_was_interrupted(const SmChannel *channel);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmChannel, sm_channel_close)
