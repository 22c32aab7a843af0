/*
 * When a message was received, for one that the parsers have failed on: a scan
 * of a few plain steps that runs outside of the sandbox.
 */
#pragma once

#include <glib.h>

/*
 * The date of the topmost Received line (RFC 5322, 3.6.7) of length bytes at
 * message (NULL where length is 0), seconds since 1970; 0 where there is none,
 * or one in another form than mail systems write.
 */
gint64 sm_received_scan(const char *message, gsize length);
