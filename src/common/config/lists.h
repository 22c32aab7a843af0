/*
 * Configuration values that are lists, split on commas, semicolons and (but for types) blanks.
 * Of the form that values.h describes; result is a GStrv, its items in
 * lower case, never empty but where it is said.
 */
#pragma once

#include <glib.h>

/* Extensions without the dot: 1 to 16 letters and digits. SM_ERROR_CONFIG. */
gboolean sm_value_extensions(const char *text, void *result, GError **error);

/* OpenPGP keys by their fingerprint or long ID, each perhaps with 0x; `none` is an empty vector.
 * SM_ERROR_CONFIG. */
gboolean sm_value_key_ids(const char *text, void *result, GError **error);
/* Types of files, as listings have them: any text; blanks are a part of it. SM_ERROR_CONFIG. */
gboolean sm_value_file_types(const char *text, void *result, GError **error);

/* Mail addresses, USER@DOMAIN. SM_ERROR_CONFIG. */
gboolean sm_value_recipients(const char *text, void *result, GError **error);

/* char *, not a list: one mail address. SM_ERROR_CONFIG. */
gboolean sm_value_address(const char *text, void *result, GError **error);

/* Senders: addresses, domains, or *.DOMAIN for all domains below one. SM_ERROR_CONFIG. */
gboolean sm_value_senders(const char *text, void *result, GError **error);

/* Numbers of organisations, or patterns with * and ?. SM_ERROR_CONFIG. */
gboolean sm_value_org_ids(const char *text, void *result, GError **error);

/* Host names, "*" for any label but the last two, or IP addresses (IPv6 in []); each may have
 * :PORT. SM_ERROR_CONFIG. */
gboolean sm_value_storage_hosts(const char *text, void *result, GError **error);
