/* The event of a message that cannot be read. */
#pragma once

#include "common/event/event.h"

/*
 * An SM_EVENT_UNUSABLE with this reason; only the hash of the whole message
 * identifies it. Caller owns.
 */
SmEvent *sm_unusable_event(const char *message, gsize length, const char *reason);
