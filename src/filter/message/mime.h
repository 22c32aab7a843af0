/*
 * This room reads a mail, inside the parser child: MIME, character sets, headers, HTML.
 *
 * A message (RFC 5322) becomes an event: what its HTML says and what its
 * header says.
 */
#pragma once

#include "common/event/event.h"
#include "filter/message/charset.h"
#include "filter/message/loop.h"

/*
 * The event of length bytes at message, or NULL if there is none: no
 * notification. When
 * sm_charsets_missing() names a character set afterwards, the answer is not to
 * be used: begin again with that one opened.
 *
 * g_mime_init() must have been called. Time and memory are the message's to
 * decide: run it in a process that has limits.
 */
SmEvent *sm_mime_read(const char *message, gsize length, SmCharsets *charsets);

/*
 * The event of a message that cannot be read to its end, for this reason: what
 * its header says, and the hash of all of it where the HTML part's should be.
 */
SmEvent *sm_mime_unusable(const char *message, gsize length, const char *reason);

/*
 * Whether the message that an event was made of must not count. Parses its
 * header anew, and a bounce as a whole.
 */
SmLoop sm_mime_loop(const char *message, gsize length);
