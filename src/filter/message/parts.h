/*
 * The parts of a message (MIME, RFC 2045 ff.) in which names are looked for:
 * text/html at any depth, in forwarded messages too, but not HTML attachments.
 */
#pragma once

#include "filter/message/charset.h"
#include "filter/message/gmime-auto.h"
#include "filter/message/markup.h"

/* Parses bytes, which must outlive the message and not change; NULL if they are no message. */
GMimeMessage *sm_parts_parse(GByteArray *bytes);

/*
 * The message, or the header of one, that is the content of part: decoded,
 * unless it is encoded in name only. At most max bytes. Caller owns.
 */
GByteArray *sm_parts_message_in(GMimePart *part, gsize max);

/*
 * Adds to findings what the parts of message hold. Returns the SHA-256, in hex,
 * of the text of the first one with a span; NULL if there is none. Copies no
 * part that needs no decoding. Stops when sm_charsets_missing() names a
 * character set. Caller frees.
 */
char *sm_parts_search(GMimeMessage *message, SmCharsets *charsets, SmFindings *findings);
