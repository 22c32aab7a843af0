/*
 * Signature Version 4 in its query form (X-Amz-Algorithm ... X-Amz-Signature),
 * as in "Authenticating requests: using query parameters" of the S3 manual.
 */
#pragma once

#include <glib.h>

#include "emulator/s3/key.h"

#define SM_V4_ALGORITHM "AWS4-HMAC-SHA256"

typedef struct {
    const char *method;
    const char *path;         /* decoded */
    const GPtrArray *query;   /* of SmParameter; X-Amz-Signature is left out */
    const char *signed_names; /* of headers, in order, "host" or "host;x-amz-..." */
    GHashTable *headers;      /* lower-case name -> value */
    const char *date;         /* 20130524T000000Z */
    const char *region;       /* us-east-1 */
} SmV4Request;

/* DATE/REGION/s3/aws4_request, where the key is valid. Caller frees. */
char *sm_v4_scope(const char *date, const char *region);

/* The request in its canonical form, and what is signed of it. Caller frees. */
char *sm_v4_canonical_request(const SmV4Request *request);

/* What is signed of a request. Caller frees. */
char *sm_v4_string_to_sign(const SmV4Request *request);

/* The signature in hex. Caller frees. */
char *sm_v4_signature(const char *secret_key, const SmV4Request *request);

/*
 * The query, without '?', that allows a GET of path (decoded) at host
 * (HOST[:PORT], as the Host header will be) for lifetime seconds from now on.
 * Caller frees.
 */
char *sm_v4_presign(const SmS3Key *key, const char *host, const char *path, gint64 now,
                    guint lifetime);

/* 20130524T000000Z as seconds since 1970; FALSE if it is none. */
gboolean sm_v4_parse_date(const char *date, gint64 *seconds);
