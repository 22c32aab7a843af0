/*
 * What the headers of an object store's answer mean for the bytes that follow.
 * Pure: the values of headers in, a judgement out.
 */
#pragma once

#include <glib.h>

/* How far an ETag can be compared with the MD5 of the bytes. */
typedef enum {
    SM_ETAG_OPAQUE,  /* not at all */
    SM_ETAG_PERHAPS, /* it has the form of an MD5, but the store does not say that it is one */
    SM_ETAG_MD5,     /* the store names an encryption with which it is one */
} SmEtagKind;

/* Whether an ETag (with its quotes, may be NULL) is strong (RFC 9110, 8.8.3), so that ranges may be
 * put together by it. */
gboolean sm_etag_is_strong(const char *etag);

/* Whether an ETag has the form of an MD5; *md5 (may be NULL) becomes its 32 digits in lower case.
 * Caller frees. */
gboolean sm_etag_md5(const char *etag, char **md5);

/*
 * etag, beside the values of x-amz-server-side-encryption (encryption) and
 * x-amz-server-side-encryption-customer-algorithm (customer); each may be NULL.
 */
SmEtagKind sm_etag_kind(const char *etag, const char *encryption, const char *customer);

/*
 * The first coding in the value of Content-Encoding (all its fields, joined by
 * commas; may be NULL) with which the bytes are not the file's own. NULL for none:
 * no value, `identity`, `aws-chunked`, words that uploaders put there without any
 * coding, and names of character sets. Caller frees.
 */
char *sm_object_coding(const char *content_encoding);

/* Whether Content-Length (all its fields, joined by commas; may be NULL) is one number, however
 * often it is given (RFC 9112, 6.3). */
gboolean sm_object_length_is_sound(const char *content_length);

/* What is wrong with an object of that name by its first byte that is not blank, in words that
 * follow "the file": static text, or NULL. */
const char *sm_object_mistake(int first_byte, const char *name);

/* Whether the first bytes of an object are a frame of aws-chunked, which should not have been
 * stored with it: a length in hex digits, then `;chunk-signature=` or the end of the line. */
gboolean sm_object_is_framed(const char *bytes, gsize length);
