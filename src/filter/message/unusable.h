/* The event of a message that nobody could look at. */
#pragma once

#include "common/event/event.h"

/*
 * An SM_EVENT_UNUSABLE for this reason: nothing but the hash of all of the
 * message tells which one it was. Caller owns.
 */
SmEvent *sm_unusable_event(const char *message, gsize length, const char *reason);
