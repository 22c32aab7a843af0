/*
 * Content-Transfer-Encoding (RFC 2045, 6): the octets that a part stands for.
 * As lenient as mail readers, since nobody can fix a message once it was sent: base64 with odd
 * lines, foreign characters, missing or repeated padding; quoted-printable with blanks after a soft
 * line break's "=".
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_TRANSFER_PLAIN, /* the octets are those that were sent */
    SM_TRANSFER_QUOTED_PRINTABLE,
    SM_TRANSFER_BASE64,
    SM_TRANSFER_BASE64_URL, /* "-" and "_" are digits, too (RFC 4648, 5) */
    SM_TRANSFER_UUENCODE,
    SM_TRANSFER_N,
} SmTransfer;

/*
 * The encoding that value, a header's or NULL, names: case, punctuation, comments and parameters
 * behind the word do not matter. SM_TRANSFER_N where it names none that is known.
 */
SmTransfer sm_transfer_of(const char *value);

/*
 * The number-th encoding that a part labelled as label may have, counted from 0: the label's first,
 * then, unless it is SM_TRANSFER_PLAIN, each other one, since labels are missing or misspelt.
 * SM_TRANSFER_N where there is no further one.
 */
SmTransfer sm_transfer_guess(SmTransfer label, guint number);

/*
 * Decodes length bytes at data. NULL for SM_TRANSFER_PLAIN: the octets are those at data. At most
 * max octets are decoded; the rest is cut off. The array's data is never NULL, not even without an
 * octet. Caller frees.
 */
GByteArray *sm_transfer_decode(SmTransfer encoding, const char *data, gsize length, gsize max);
