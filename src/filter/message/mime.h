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
 * The event of length bytes at message; NULL if it is no notification. If
 * sm_charsets_missing() names a character set afterwards, discard the answer and
 * begin again with that one opened.
 *
 * Call g_mime_init() first. The message decides how much time and memory this
 * takes: run it in a process that has limits.
 */
SmEvent *sm_mime_read(const char *message, gsize length, SmCharsets *charsets);

/*
 * The event of a message that cannot be read to its end, for this reason: what
 * its header says, and the hash of all of it where the HTML part's should be.
 */
SmEvent *sm_mime_unusable(const char *message, gsize length, const char *reason);

/*
 * Whether the message of an event is part of a mail loop and must not count. Parses
 * its header again, and a bounce as a whole.
 */
SmLoop sm_mime_loop(const char *message, gsize length);
