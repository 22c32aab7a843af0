/*
 * This room stands in for the web service: logins, file calls, listings, and faults on
 * demand.
 *
 * The whole stand-in, without a socket: from a request to its answer, faults
 * included. Everything in it may be used from several threads.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/request.h"
#include "emulator/s3/objects.h"
#include "emulator/service/api.h"
#include "emulator/service/faults.h"

typedef struct {
    SmApi api;
    SmObjects objects;
    gboolean own_store; /* FALSE: the objects are elsewhere, nothing is served here */
    SmFaults *faults;
} SmService;

/* How many milliseconds a request is to wait first; notes the fault in struck. */
guint sm_service_delay(const SmService *service, const SmRequest *request, GString *struck);

/* The answer to a request; notes the faults that struck in struck, "drip+reset". Caller owns. */
SmAnswer *sm_service_answer(const SmService *service, SmRequest *request, GString *struck);
