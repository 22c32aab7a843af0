/*
 * Boundaries of multiparts that GMime does not find between the parts, since it decodes
 * what the header announces (encoded words, 8 bits) or keeps a blank at its end, which
 * the lines may have lost.
 */
#pragma once

#include "filter/message/mend.h"

/* Whether message announces such a boundary. */
gboolean sm_boundary_is_odd(SmOctets message);

/* Makes them, in place, plain ASCII without blanks, where they are announced and between the
 * parts; the first 20 of them, at most. */
void sm_boundary_make_plain(GString *message);
