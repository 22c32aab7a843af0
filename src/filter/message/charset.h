/*
 * Character sets of parts. iconv loads a converter from disk when it first opens
 * it, which a closed sandbox forbids. So the caller opens converters beforehand, by
 * name; this module remembers which one was missing, and the caller begins again
 * with it.
 */
#pragma once

#include <glib.h>

enum { SM_CHARSETS_MAX = 4 }; /* converters for one message; further ones count as unknown */

typedef struct SmCharsets SmCharsets;

/* No converters yet. Caller frees with sm_charsets_free(). */
SmCharsets *sm_charsets_new(void);

/* Frees charsets; NULL is allowed. */
void sm_charsets_free(SmCharsets *charsets);

/* Opens a converter. A name that iconv does not know counts as opened, without a converter. */
void sm_charsets_open(SmCharsets *charsets, const char *name);

/*
 * The character set of octets in a part with this label (NULL if it has none). A
 * byte order mark overrides the label. NULL means UTF-8: the label says so, is
 * missing, or is no word. Caller frees.
 */
char *sm_charset_for(const char *label, const char *data, gsize length);

/*
 * The octets as UTF-8, at most max bytes; U+FFFD stands for what cannot be
 * converted. NULL without a converter: iconv has none, or nobody has opened it,
 * and sm_charsets_missing() names it.
 */
GString *sm_charsets_convert(SmCharsets *charsets, const char *name, const char *data, gsize length,
                             gsize max);

/* The first converter that was asked for and not opened; NULL if none. */
const char *sm_charsets_missing(const SmCharsets *charsets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmCharsets, sm_charsets_free)
