/*
 * What the header of a message says about it, for the event: who sent it, to
 * whom it was delivered, when it arrived, and which message it is. Nothing of
 * this is proof of anything; the receiver of the event decides what to believe.
 */
#pragma once

#include "common/event/event.h"
#include "filter/message/gmime-auto.h"

/* Fills message_id, from, auth, to, recipients and received of event. */
void sm_headers_read(GMimeMessage *message, SmEvent *event);
