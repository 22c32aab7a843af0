/* What each kind of fault makes of an answer. */
#pragma once

#include "answer.h"
#include "faults.h"
#include "request.h"
#include "signer.h"

/* Takes over the answer and returns the spoilt one. */
SmAnswer *sm_mischief(const SmFault *fault, SmAnswer *answer, const SmRequest *request,
                      const SmSigner *signer);
