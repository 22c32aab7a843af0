/*
 * Headers that have a field twice: mail scanners put a Content-Type of their own
 * before or behind the real one. GMime takes one of them; this module gives the
 * message with each of the others.
 */
#pragma once

#include "filter/message/mend.h"

/*
 * The message in another reading, counted from 0: each header has only one
 * Content-Type and one Content-Transfer-Encoding, a different one in each reading.
 * NULL if there is no such reading, as for nearly every message. Caller frees.
 */
GString *sm_reading(SmOctets message, guint number);
