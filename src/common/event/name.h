/*
 * The rules for file names, in one place: applied to what the parser child
 * found, again by whoever receives an event, and to names from listings and
 * from the command line. A name that passes is safe as a path component and in
 * a terminal: ASCII letters, digits, '.', '_', '-' and single inner spaces.
 */
#pragma once

#include <glib.h>

enum {
    SM_NAME_MAX = 128,     /* bytes */
    SM_EXTENSION_MAX = 16, /* bytes, without the dot */
};

typedef enum {
    SM_NAME_INVALID,    /* never to be used */
    SM_NAME_NOT_WANTED, /* well formed, but with an extension that is not asked for */
    SM_NAME_VALID,
} SmNameVerdict;

/* The extensions of score files where nothing else is configured: csv and txt. NULL-terminated. */
extern const char *const sm_default_extensions[];

/*
 * Judges length bytes at name; extensions is NULL-terminated, without dots,
 * compared without regard to case. *why, if why is not NULL, becomes a static
 * text for an invalid name, in words that follow "the name" (`is longer than 128 bytes`).
 */
SmNameVerdict sm_name_check(const char *name, gsize length, const char *const *extensions,
                            const char **why);

/* The extension of a well-formed name, without its dot; points into name. */
const char *sm_name_extension(const char *name);

/* The name without dot and extension. Caller frees. */
char *sm_name_stem(const char *name);
