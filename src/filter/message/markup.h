/*
 * Names in HTML: span elements whose id is fileName, read as browsers read
 * them (the WHATWG HTML standard, by gumbo). The input is what a stranger sent.
 */
#pragma once

#include <glib.h>

enum { SM_MARKUP_SIZE_MAX = 4 * 1024 * 1024 }; /* bytes of a part that are looked at */

typedef struct {
    GPtrArray
        *names;  /* well-formed names, in order, each once, at most SM_EVENT_NAMES_MAX; owned */
    char *fault; /* why the first invalid span is invalid; NULL if all are valid */
} SmFindings;

/* No findings yet. Caller frees with sm_findings_free(). */
SmFindings *sm_findings_new(void);

/* Frees findings; NULL is allowed. */
void sm_findings_free(SmFindings *findings);

/*
 * Whether there can be a span at all: the id is written literally. Nearly every message skips the
 * HTML parser this way.
 */
gboolean sm_markup_is_candidate(const char *html, gsize length);

/* Where the id is written first; NULL if nowhere. */
const char *sm_markup_find_candidate(const char *html, gsize length);

/*
 * Adds to findings what html, UTF-8 of length bytes, holds. Octets that are no
 * valid UTF-8, and NULs, count as U+FFFD: they spoil the name that they are in
 * and nothing else. Returns whether there was a span.
 *
 * Time grows with the square of the depth of hostile input, and without memory
 * the process ends: run it in a process that has limits.
 */
gboolean sm_markup_read(const char *html, gsize length, SmFindings *findings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmFindings, sm_findings_free)
