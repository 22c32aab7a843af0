/*
 * This room stands in for the object store: presigned URLs, their signatures, ranges and
 * conditions.
 *
 * The emulator's own object store: GET of /BUCKET/K12/NAME, or of /K12/NAME at
 * BUCKET.HOST, as S3 answers it.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/files.h"
#include "emulator/base/request.h"
#include "emulator/s3/etag.h"
#include "emulator/s3/signer.h"

typedef struct {
    SmFiles *files;
    const SmSigner *signer; /* whose prefix is the store's path */
    SmEtagForm etag;
} SmObjects;

/* The answer to the request. Caller owns. */
SmAnswer *sm_objects_answer(const SmObjects *objects, const SmRequest *request);
