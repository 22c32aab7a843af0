/*
 * A message as it was sent, out of what mailboxes, files and broken programs
 * make of it: what stands before its header is passed over, lines that GMime
 * would not take for lines are mended. What is well formed stays where it is.
 */
#pragma once

#include <glib.h>

/* Octets that belong to somebody else. */
typedef struct {
    const char *data;
    gsize length;
} SmOctets;

/*
 * The message in length bytes at data. Without "From " lines (of an mbox),
 * blank lines and a byte order mark before it. If its lines end in CR or
 * CR CR LF, or if its HTML follows the header without a blank line, the answer
 * lies in *copy, which the caller frees; else *copy is NULL.
 */
SmOctets sm_mend(const char *data, gsize length, GString **copy);

/* The header of such a message, up to the blank line that ends it; at most 1 MiB. */
SmOctets sm_mend_header(SmOctets message);
