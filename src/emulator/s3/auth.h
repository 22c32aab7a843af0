/*
 * Whether a request to the object store is one of ours: a presigned URL in
 * either signature version, not yet expired when the request arrived, used
 * with GET and without the headers that S3 refuses beside it.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/request.h"
#include "emulator/s3/signer.h"

/* NULL if the request is allowed, else S3's answer to it, which the caller owns. */
SmAnswer *sm_s3_refuse(const SmSigner *signer, const SmRequest *request);
