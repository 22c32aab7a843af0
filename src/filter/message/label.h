/*
 * The labels of character sets, as parts of a message carry them (RFC 2045, 5.1).
 * Needs no library but libc.
 */
#pragma once

#include <glib.h>

/* Room for a label that any of these functions knows, and a NUL. */
enum { SM_LABEL_SIZE = 65 };

/* Whether label is a plain word, which may be handed to iconv although a stranger wrote it. */
gboolean sm_label_is_word(const char *label);

/* iconv's name for what a label means by the WHATWG Encoding Standard; else the label itself. */
const char *sm_label_encoding(const char *label);

/* Whether octets with this label are taken as UTF-8. */
gboolean sm_label_is_utf8(const char *label);

/*
 * Whether a text with this label has an ASCII word only if its octets have it:
 * true for nearly all that mail uses, but not for UTF-16, UTF-7, EBCDIC, nor
 * where escapes may stand within a word (ISO 2022).
 */
gboolean sm_label_keeps_ascii(const char *label);
