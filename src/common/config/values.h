/*
 * What a configuration value may say: pure, one constant for each kind of
 * value; here single words and numbers, in lists.h lists, in
 * places.h paths and URLs. All have the same form, so that the table of
 * keys can name them:
 * text is one trimmed, non-empty value; result is where the value goes, of the
 * type named with each parser, written only on success, strings and vectors
 * newly allocated. The error is SM_ERROR_CONFIG; its message follows "KEY: "
 * and says what is allowed.
 */
#pragma once

#include <glib.h>

typedef struct {
    gboolean (*parse)(const char *text, const void *terms, void *result, GError **error);
    const void *terms;   /* for parse, where several kinds share it */
    GDestroyNotify free; /* of the result; NULL: it has no memory of its own */
} SmValue;

/* Reads text as such a value. SM_ERROR_CONFIG. */
gboolean sm_value_read(const SmValue *value, const char *text, void *result, GError **error);

extern const SmValue sm_value_boolean;  /* gboolean: yes, no, true, false */
extern const SmValue sm_value_text;     /* char *: any text */
extern const SmValue sm_value_duration; /* guint, seconds: a whole number with s, min, h, d or w;
                                           1 s to 366 d */
extern const SmValue sm_value_deferral; /* the same, or `unlimited`, which gives G_MAXUINT */
extern const SmValue sm_value_duration_or_off; /* the same, or `off`, which is 0 */
extern const SmValue sm_value_retention;       /* the same up to ten years, or `off` */
extern const SmValue sm_value_hops;            /* guint: Received lines, 0 to SM_EVENT_HOPS_MAX */
extern const SmValue sm_value_parallel;        /* guint: a number of transfers, 1 to 16 */
extern const SmValue sm_value_authserv_id; /* char *: the name of a verifying mail system: one word
                                              of printable ASCII, without ; and quotes */
extern const SmValue sm_value_size;        /* guint64, bytes: a whole number with B, kB, MB, GB, TB
                                              (powers of 1000) or KiB, MiB, GiB, TiB */
extern const SmValue sm_value_mode;        /* mode_t: three or four octal digits; readable by the
                                              owner, writable by the others never */
extern const SmValue sm_value_directory_mode; /* mode_t: the same for a directory, all of it for the
                                                 owner; set-group-ID may be set */
extern const SmValue sm_value_group;          /* gid_t: the name or number of a group that exists */
extern const SmValue sm_value_format;         /* SmFormat: csv, txt, both, first */
extern const SmValue sm_value_delivery;       /* gboolean, queued: inline FALSE, queued TRUE */
extern const SmValue sm_value_commands;  /* gboolean, by scorefetch tell: inline FALSE, deferred
                                            TRUE */
extern const SmValue sm_value_log_level; /* GLogLevelFlags: error, notice, info */
