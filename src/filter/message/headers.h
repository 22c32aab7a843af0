/*
 * The header's facts for the event: who sent the message, to whom it was delivered, when it
 * arrived, its Message-ID. None of this is proof; the receiver of the event decides what to
 * believe.
 */
#pragma once

#include "common/event/event.h"
#include "filter/message/gmime-auto.h"

/* Fills message_id, from, auth, to, recipients and received of event. */
void sm_headers_read(GMimeMessage *message, SmEvent *event);
