/*
 * Character sets of parts. iconv loads a converter from disk when it is first
 * opened, which a closed sandbox forbids: converters are opened beforehand, by
 * name, and one that is missing is remembered, so that the caller can begin
 * again with it.
 */
#pragma once

#include <glib.h>

enum { SM_CHARSETS_MAX = 4 }; /* converters for one message; further ones count as unknown */

typedef struct SmCharsets SmCharsets;

/* No converters yet. Caller frees with sm_charsets_free(). */
SmCharsets *sm_charsets_new(void);

/* Frees charsets; NULL is allowed. */
void sm_charsets_free(SmCharsets *charsets);

/* Opens a converter. A name that iconv does not know is kept as one without a converter. */
void sm_charsets_open(SmCharsets *charsets, const char *name);

/*
 * The character set to read octets with, for the label of a part (NULL if it
 * has none). A byte order mark goes before the label. NULL: the octets are
 * taken as UTF-8, as with labels that are missing or no word. Caller frees.
 */
char *sm_charset_for(const char *label, const char *data, gsize length);

/*
 * The octets as UTF-8, what cannot be converted as U+FFFD, at most max bytes.
 * NULL if there is no converter: either iconv has none, or it has not been
 * opened, which sm_charsets_missing() then names.
 */
GString *sm_charsets_convert(SmCharsets *charsets, const char *name, const char *data, gsize length,
                             gsize max);

/* The first converter that was asked for and not opened; NULL if none. */
const char *sm_charsets_missing(const SmCharsets *charsets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmCharsets, sm_charsets_free)
