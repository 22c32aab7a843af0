/*
 * A header that says a thing twice: mail scanners put a Content-Type of their own
 * before or behind the real one. GMime takes one of them; these are the others.
 */
#pragma once

#include "filter/message/mend.h"

/*
 * The message in another reading, number counted from 0: as if each header had
 * but one Content-Type and one Content-Transfer-Encoding, another one in each
 * reading. NULL where there is no such reading, as for nearly every message.
 * Caller frees.
 */
GString *sm_reading(SmOctets message, guint number);
