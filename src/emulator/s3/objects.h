/*
 * This room stands in for the object store: presigned URLs, their signatures, ranges and
 * conditions.
 *
 * The emulator's own object store: GET of /BUCKET/K12/NAME as S3 answers it.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/files.h"
#include "emulator/base/request.h"
#include "emulator/s3/signer.h"

typedef enum { SM_ETAG_MD5, SM_ETAG_OPAQUE } SmEtagForm;

typedef struct {
    SmFiles *files;
    const SmSigner *signer; /* whose prefix is the store's path */
    SmEtagForm etag;
} SmObjects;

/* Answers the request and notes the file's name in it. Caller owns. */
SmAnswer *sm_objects_answer(const SmObjects *objects, SmRequest *request);
