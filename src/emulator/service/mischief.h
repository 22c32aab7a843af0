/* What each kind of fault makes of an answer. */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/request.h"
#include "emulator/s3/signer.h"
#include "emulator/service/faults.h"

/* Takes over the answer and returns the spoilt one. */
SmAnswer *sm_mischief(const SmFault *fault, SmAnswer *answer, const SmRequest *request,
                      const SmSigner *signer);
