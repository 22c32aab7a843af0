/*
 * Repairs a message that mailboxes, files or broken programs have changed: skips what precedes its
 * header, and normalises line ends that GMime does not know. A well-formed message stays where it
 * is.
 */
#pragma once

#include <glib.h>

/* Octets that belong to somebody else. */
typedef struct {
    const char *data;
    gsize length;
} SmOctets;

/*
 * The message in length bytes at data, without what may precede it: "From " lines
 * (mbox), lines that begin with Control-A (MMDF), a number of bytes (Apple Mail), blank lines and a
 * byte order mark. If its lines end in CR or CR CR LF, or no blank line ends its header, the answer
 * is in *copy, which the caller frees; else *copy is NULL.
 */
SmOctets sm_mend(const char *data, gsize length, GString **copy);

/*
 * Whether sm_mend() gives the header other lines than RFC 5322 does, or a NUL in it
 * hides what follows: the mail system that checked the sender may have seen other fields.
 */
gboolean sm_mend_is_doubtful(const char *data, gsize length);

/* Whether octets begin with a field of a header (RFC 5322, 2.2). */
gboolean sm_mend_is_field(SmOctets octets);

/* The header of such a message, up to the blank line that ends it; at most 1 MiB. */
SmOctets sm_mend_header(SmOctets message);

/* The message with LF for each line end that is CR, CR LF or CR CR LF. Caller frees. */
GString *sm_mend_returns(SmOctets message);

/*
 * The message with a blank line between the header and the text of each part that lacks it; NULL
 * where none does. Each line that begins with "--" counts as a boundary. Caller frees.
 */
GString *sm_mend_parts(SmOctets message);

/* The text without each line end that one blank follows; NULL where there is none. Caller frees. */
GString *sm_mend_broken_lines(SmOctets text);
