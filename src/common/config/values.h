/*
 * What a configuration value may say: pure parsers, one for each kind of
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

typedef gboolean (*SmValueParser)(const char *text, void *result, GError **error);

/* gboolean: yes, no, true, false. SM_ERROR_CONFIG. */
gboolean sm_value_boolean(const char *text, void *result, GError **error);

/* char *: any text. SM_ERROR_CONFIG. */
gboolean sm_value_text(const char *text, void *result, GError **error);

/* guint, seconds: a whole number with s, min, h, d or w; 1 s to 366 d. SM_ERROR_CONFIG. */
gboolean sm_value_duration(const char *text, void *result, GError **error);

/* guint, seconds: as a duration, or `unlimited`, which gives G_MAXUINT. SM_ERROR_CONFIG. */
gboolean sm_value_deferral(const char *text, void *result, GError **error);

/* guint: a number of Received lines, 0 to SM_EVENT_HOPS_MAX. SM_ERROR_CONFIG. */
gboolean sm_value_hops(const char *text, void *result, GError **error);

/* char *: the name of a verifying mail system: one word of printable ASCII, without ; and quotes.
 * SM_ERROR_CONFIG.
 */
gboolean sm_value_authserv_id(const char *text, void *result, GError **error);

/* guint, seconds: as a duration, or `off`, which is 0. SM_ERROR_CONFIG. */
gboolean sm_value_duration_or_off(const char *text, void *result, GError **error);

/* guint, seconds: `off`, which is 0, or a duration of up to ten years. SM_ERROR_CONFIG. */
gboolean sm_value_retention(const char *text, void *result, GError **error);

/* guint: a number of transfers, 1 to 16. SM_ERROR_CONFIG. */
gboolean sm_value_parallel(const char *text, void *result, GError **error);

/* guint64, bytes: a whole number with B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB.
 * SM_ERROR_CONFIG. */
gboolean sm_value_size(const char *text, void *result, GError **error);

/* mode_t: three or four octal digits; readable by the owner, writable by the others never.
 * SM_ERROR_CONFIG. */
gboolean sm_value_mode(const char *text, void *result, GError **error);

/* mode_t: the same for a directory, all of it for the owner; set-group-ID may be set.
 * SM_ERROR_CONFIG. */
gboolean sm_value_directory_mode(const char *text, void *result, GError **error);

/* gid_t: the name or number of a group that exists. SM_ERROR_CONFIG. */
gboolean sm_value_group(const char *text, void *result, GError **error);

/* SmFormat: csv, txt, both, first. SM_ERROR_CONFIG. */
gboolean sm_value_format(const char *text, void *result, GError **error);

/* gboolean, whether events are queued: inline gives FALSE, queued TRUE. SM_ERROR_CONFIG. */
gboolean sm_value_delivery(const char *text, void *result, GError **error);

/* gboolean, whether scorefetch tell runs commands: inline gives FALSE, deferred TRUE.
 * SM_ERROR_CONFIG. */
gboolean sm_value_commands(const char *text, void *result, GError **error);

/* GLogLevelFlags: error, notice, info. SM_ERROR_CONFIG. */
gboolean sm_value_log_level(const char *text, void *result, GError **error);
