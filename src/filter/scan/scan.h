/*
 * This room looks at the raw bytes of a message, before anything is parsed: nearly
 * all mail announces nothing, and ends here. It knows no parts and no headers:
 * whatever could be read somewhere counts.
 */
#pragma once

#include <glib.h>

/*
 * Whether any part of the message could decode to something that holds fileName,
 * or could be an Outlook file. TRUE says nothing; FALSE means that
 * sm_mime_read() gives NULL. Any transfer encoding counts, wherever the bytes
 * stand; so does every character set in which ASCII is not itself, and whatever
 * a header can hide. Takes time in proportion to length, and no memory.
 */
gboolean sm_scan_could_announce(const char *message, gsize length);
