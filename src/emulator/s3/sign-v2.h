/*
 * Signature Version 2 in its query form (AWSAccessKeyId, Expires, Signature),
 * as in "Signing and authenticating REST requests" of the S3 manual: an
 * HMAC-SHA1 over method, Content-MD5, Content-Type, expiry, x-amz- headers (or
 * parameters, which count as headers), the path as it was sent, and the parameters
 * that select a part or property of the object.
 */
#pragma once

#include <glib.h>

#include "emulator/s3/key.h"

typedef struct {
    const char *method;
    const char *resource;   /* /BUCKET/KEY, percent-encoded as in the URL */
    const GPtrArray *query; /* of SmParameter; those that matter are picked out */
    GHashTable *headers;    /* lower-case name -> value, likewise; NULL for none */
    gint64 expires;         /* seconds since 1970 */
} SmV2Request;

/* What is signed, by sm_hmac_sha1_base64(). Caller frees. */
char *sm_v2_string_to_sign(const SmV2Request *request);

/* The query, without '?', that allows a GET of resource until expires. Caller frees. */
char *sm_v2_presign(const SmS3Key *key, const char *resource, gint64 expires);
