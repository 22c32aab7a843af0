/*
 * One request and its answer on a connection of the HTTP library. Each connection
 * has a thread of its own, so that a late, slow or stalled answer holds up no other
 * one. A wait ends when the client goes away or the server stops.
 */
#pragma once

#include <microhttpd.h>

#include "emulator/access-log.h"
#include "emulator/service/service.h"

typedef struct {
    const SmService *service;
    const SmAccessLog *log;
} SmExchangeContext;

/* For MHD_OPTION_URI_LOG_CALLBACK, the access handler, and MHD_OPTION_NOTIFY_COMPLETED; each with
 * an SmExchangeContext as its closure. */
void *sm_exchange_begin(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result sm_exchange_handle(void *context, struct MHD_Connection *connection,
                                   const char *url, const char *method, const char *version,
                                   const char *data, size_t *size, void **exchange);

/* Frees the exchange once its request is over, however it ended. */
void sm_exchange_end(void *context, struct MHD_Connection *connection, void **exchange,
                     enum MHD_RequestTerminationCode how);
