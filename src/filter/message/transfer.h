/*
 * Content-Transfer-Encoding (RFC 2045, 6): the octets that a part stands for.
 * As lenient as mail readers, since nobody can fix a message once it was sent: base64 with odd
 * lines, foreign characters, missing or repeated padding; quoted-printable with blanks after a soft
 * line break's "=".
 */
#pragma once

#include <glib.h>

/*
 * Decodes length bytes at data as encoding (a header's value: case, comments
 * and parameters behind the word do not matter). Encodings that leave the
 * octets as they are, and unknown ones, give NULL: the octets are those at
 * data. At most max octets are decoded; the rest is cut off. The array's data
 * is never NULL, not even without an octet.
 */
GByteArray *sm_transfer_decode(const char *encoding, const char *data, gsize length, gsize max);
