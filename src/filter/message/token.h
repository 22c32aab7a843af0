/*
 * The word that a structured header of MIME begins with (RFC 2045, 5.1): what
 * a Content-Transfer-Encoding or a Content-Disposition comes down to.
 */
#pragma once

#include <glib.h>

/*
 * The first word of value, without the blanks, comments and quotes around it;
 * "" where there is none. Parameters do not matter. Caller frees.
 */
char *sm_token_of(const char *value);
