/*
 * Signature Version 2 in its query form (AWSAccessKeyId, Expires, Signature),
 * as in "Signing and authenticating REST requests" of the S3 manual: an
 * HMAC-SHA1 over method, Content-MD5, Content-Type, expiry, x-amz- headers and
 * the path as it was sent.
 */
#pragma once

#include <glib.h>

#include "emulator/base/request.h"

/*
 * What is signed. headers: lower-case names, those that matter are picked out;
 * NULL for none. resource: /BUCKET/KEY, percent-encoded as in the URL. Caller
 * frees.
 */
char *sm_v2_string_to_sign(const char *method, GHashTable *headers, gint64 expires,
                           const char *resource);

/* The signature in base64. Caller frees. */
char *sm_v2_signature(const char *secret_key, const char *string_to_sign);

/* The query, without '?', that allows a GET of resource until expires. Caller frees. */
char *sm_v2_presign(const char *access_key, const char *secret_key, const char *resource,
                    gint64 expires);
