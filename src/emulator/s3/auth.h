/*
 * Whether a request to the object store is allowed: it needs a presigned URL for
 * our key, in either signature version and by any signer, that had not expired when
 * the request arrived, and nothing unsigned that had to be signed.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/request.h"
#include "emulator/s3/signer.h"

/* NULL if the request is allowed, else S3's answer to it, which the caller owns. */
SmAnswer *sm_s3_refuse(const SmSigner *signer, const SmRequest *request);
