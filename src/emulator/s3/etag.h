/*
 * The forms of an ETag in object stores, and the headers that come with each. Only
 * in the first form may a client take it for an MD5.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/files.h"

typedef enum {
    SM_ETAG_MD5,       /* one upload, encrypted by S3 itself: the MD5 of the contents */
    SM_ETAG_MULTIPART, /* an upload in parts: 32 hex digits, "-", the number of parts */
    SM_ETAG_KMS,       /* encrypted with a key of KMS: 32 hex digits, and no MD5 */
    SM_ETAG_DSSE,      /* the same, encrypted twice */
    SM_ETAG_CUSTOMER,  /* the same, with a key of the customer's (which is not asked for here) */
    SM_ETAG_OPAQUE,    /* another store: no hex digits alone, no word about encryption */
} SmEtagForm;

/* md5, multipart, kms, dsse, customer or opaque; FALSE for another word. */
gboolean sm_etag_parse(const char *word, SmEtagForm *form);

/* The ETag of a file, with its quotes; another one whenever the contents change. Caller frees. */
char *sm_etag_make(SmEtagForm form, const SmFile *file);

/* Adds what S3 says about the encryption of an object of that form. */
void sm_etag_add_headers(SmEtagForm form, SmAnswer *answer);
