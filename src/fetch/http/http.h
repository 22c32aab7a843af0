/*
 * This room makes HTTPS requests, in one way: the same checks for each, at a bounded pace.
 *
 * One way to make HTTPS requests: certificates and host names always checked,
 * TLS 1.2 or newer, no redirects, no proxy or .netrc from the environment, no
 * plain text.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/host/autoptr.h"

/* Once in a process, before any handle. SM_ERROR_INTERNAL. */
gboolean sm_http_start(GError **error);

/*
 * (Re)sets handle to what every request of the account has, keeping its
 * connections. stall: seconds without a byte after which a transfer fails. SM_ERROR_INTERNAL.
 */
gboolean sm_http_prepare(CURL *handle, const SmAccount *account, guint stall, char *error_buffer,
                         GError **error);

/*
 * Turns a failed transfer of handle into an error: SM_ERROR_TRUST for certificates,
 * which are looked at once more (certificate.h), else code. url is redacted; detail
 * is libcurl's error buffer (CURL_ERROR_SIZE).
 */
void sm_http_set_error(GError **error, int code, CURL *handle, const char *url, CURLcode result,
                       const char *detail);

/* Seconds of the answer's Retry-After header; 0 if there is none. */
guint sm_http_retry_after(CURL *handle);

/* A header of the last answer, NULL if absent. Valid until the next request of handle. */
const char *sm_http_header(CURL *handle, const char *name);

/* All fields of that name in the last answer, joined by commas; NULL if absent. Caller frees. */
char *sm_http_headers(CURL *handle, const char *name);
