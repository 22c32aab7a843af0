/*
 * The envelope: to whom the message was delivered, as the delivery agent says
 * in its environment. Each agent has its own variables; a sender decides what
 * is in them only as far as the mail system accepts the address.
 */
#pragma once

#include "common/event/event.h"

typedef struct {
    GStrv recipients; /* with an "@", each once */
    char *extension;  /* of user+extension@host; NULL: none */
} SmEnvelope;

/* Reads the environment: before sm_startup() clears it. */
void sm_envelope_read(SmEnvelope *envelope);

/* Puts envelope into event. */
void sm_envelope_note(const SmEnvelope *envelope, SmEvent *event);

/* Frees envelope. */
void sm_envelope_clear(SmEnvelope *envelope);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmEnvelope, sm_envelope_clear)
