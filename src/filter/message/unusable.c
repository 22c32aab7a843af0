#include "filter/message/unusable.h"

SmEvent *
sm_unusable_event(const char *message, gsize length, const char *reason)
{
    SmEvent *event = sm_event_new(SM_EVENT_UNUSABLE);

    g_free(event->reason);
    event->reason = g_strdup(reason);
    g_free(event->html_sha256);
    event->html_sha256 =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)message, length);
    return event;
}
