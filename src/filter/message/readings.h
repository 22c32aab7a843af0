/*
 * Messages that can be read in several ways. Headers that have a field twice: mail
 * scanners put a Content-Type of their own before or behind the real one, and GMime
 * takes one of them. Lines that end in CR in some parts only. Parts whose text follows
 * their header at once. Boundaries that GMime decodes before it looks for them, which stand
 * undecoded between the parts. This module gives the message in each of the other readings.
 */
#pragma once

#include "filter/message/mend.h"

/*
 * The message in another reading, counted from 0: each header has only one
 * Content-Type and one Content-Transfer-Encoding, a different one in each reading;
 * in the last one lines end in LF, headers in a blank line, and boundaries are plain ASCII without
 * blanks. NULL if there is no such reading, as for nearly every message. Caller frees.
 */
GString *sm_reading(SmOctets message, guint number);
