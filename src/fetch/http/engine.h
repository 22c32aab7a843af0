/*
 * The requests of one thread or of many, on one libcurl multi handle, so that
 * connections, TLS sessions and the authorities that were read are used again by
 * whoever asks next. Each caller waits for its own request; its callbacks run while it
 * waits, for many threads in the engine's own.
 */
#pragma once

#include "fetch/host/autoptr.h"
#include "fetch/http/shared.h"

/* For one thread at a time. */
SmHttpEngine *sm_http_engine_new(void);

/* For many. connections: how many are kept open for the next request. NULL and SM_ERROR_INTERNAL
 * without a thread. */
SmHttpEngine *sm_http_engine_new_shared(guint connections, GError **error);

/* What shared (NULL: nothing) has, and where it has no engine one for this thread, *own, which the
 * caller frees behind all that uses it. */
SmShared sm_http_engine_share(const SmShared *shared, SmHttpEngine **own);

/* No request may be under way. */
void sm_http_engine_free(SmHttpEngine *engine);

/* curl_easy_perform() that ends with CURLE_ABORTED_BY_CALLBACK at the deadline (monotonic time,
 * microseconds; 0: none) or once the engine is stopped. */
CURLcode sm_http_engine_perform(SmHttpEngine *engine, CURL *handle, gint64 deadline);

/* Ends the requests that are under way, and those to come at once. */
void sm_http_engine_stop(SmHttpEngine *engine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmHttpEngine, sm_http_engine_free)
