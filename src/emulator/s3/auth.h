/*
 * Whether a request to the object store is allowed: a presigned URL for our key in
 * either signature version, whoever made it, not yet expired when the request
 * arrived, with nothing added that had to be signed.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/request.h"
#include "emulator/s3/signer.h"

/* NULL if the request is allowed, else S3's answer to it, which the caller owns. */
SmAnswer *sm_s3_refuse(const SmSigner *signer, const SmRequest *request);
