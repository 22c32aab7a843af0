/*
 * Which certificate authorities are trusted: the system's, from its folder of
 * hashed names, of which only those that are asked for are read, or else from its
 * bundle, which is parsed as a whole for each connection; and ca-file's beside them.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/host/autoptr.h"

/* Whether the account's ca-file can be read, is not writable by everyone, and has a certificate;
 * TRUE where it has none. SM_ERROR_CONFIG. */
gboolean sm_authorities_check(const SmAccount *account, GError **error);

/* Sets handle to trust the system's authorities and the account's ca-file. FALSE where libcurl
 * lacks an option, or ca-file cannot be read with SM_ERROR_CONFIG. */
gboolean sm_authorities_set(CURL *handle, const SmAccount *account, GError **error);

/* What is trusted, in words; account may be NULL: the system's alone. Caller frees. */
char *sm_authorities_describe(const SmAccount *account);
