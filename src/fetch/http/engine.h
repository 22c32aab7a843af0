/*
 * One loop for the requests of many threads, on one libcurl multi handle, so
 * that connections and TLS sessions are used again by whoever asks next. Each
 * caller waits for its own request; its callbacks run in the loop's thread
 * while it waits.
 */
#pragma once

#include "fetch/host/autoptr.h"
#include "fetch/http/shared.h"

/* connections: how many are kept open for the next request. NULL and SM_ERROR_INTERNAL without a
 * thread. */
SmHttpEngine *sm_http_engine_new(guint connections, GError **error);

/* No request may be under way. */
void sm_http_engine_free(SmHttpEngine *engine);

/* curl_easy_perform() that ends with CURLE_ABORTED_BY_CALLBACK at the deadline (monotonic time,
 * microseconds; 0: none) or once the engine is stopped. */
CURLcode sm_http_engine_perform(SmHttpEngine *engine, CURL *handle, gint64 deadline);

/* Ends the requests that are under way, and those to come at once. */
void sm_http_engine_stop(SmHttpEngine *engine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmHttpEngine, sm_http_engine_free)
