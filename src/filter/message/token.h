/*
 * What structured headers are made of: the word that one of MIME begins with
 * (RFC 2045, 5.1), what a Content-Transfer-Encoding or a Content-Disposition comes
 * down to; comments and quoted strings.
 */
#pragma once

#include <glib.h>

/*
 * The first word of value, without the blanks, comments and quotes around it;
 * "" where there is none. Parameters do not matter. Caller frees.
 */
char *sm_token_of(const char *value);

/*
 * What follows the comment (RFC 5322, 3.2.2: they nest) or the quoted string that begins at at,
 * with their quoted pairs. Where it has no end, the end of the text, and *endless becomes TRUE;
 * endless may be NULL.
 */
const char *sm_token_skip(const char *at, gboolean *endless);

/* What follows the blanks and comments at at, if any. */
const char *sm_token_skip_blanks(const char *at);
