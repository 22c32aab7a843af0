/* What each kind of fault makes of an answer. */
#pragma once

#include "emulator/answer.h"
#include "emulator/faults.h"
#include "emulator/request.h"
#include "emulator/signer.h"

/* Takes over the answer and returns the spoilt one. */
SmAnswer *sm_mischief(const SmFault *fault, SmAnswer *answer, const SmRequest *request,
                      const SmSigner *signer);
