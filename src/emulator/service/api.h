/*
 * The service's own calls: login, file and files/list. Each is a POST in JSON
 * and is answered in JSON; what went wrong is a status and {"message":"..."}.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/files.h"
#include "emulator/base/request.h"
#include "emulator/base/users.h"
#include "emulator/s3/signer.h"

typedef struct {
    SmUsers *users;
    SmFiles *files;
    const SmSigner *signer;
    gboolean any_name; /* the objects are elsewhere: every name is taken to exist */
} SmApi;

/* Answers one call and notes user and file name in the request. Caller owns. */
SmAnswer *sm_api_answer(const SmApi *api, SmRequest *request);
