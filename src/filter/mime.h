/*
 * A message (RFC 5322, MIME by RFC 2045 ff.) becomes an event: its text/html
 * parts at any depth, forwarded messages included, are searched for names.
 */
#pragma once

#include "charset.h"
#include "common/event.h"

/*
 * The event of length bytes at message, or NULL if there is none: no
 * notification. Copies no part that needs no decoding. When
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
