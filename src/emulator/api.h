/*
 * The service's own calls: login, file and files/list. Each is a POST in JSON
 * and is answered in JSON; what went wrong is a status and {"message":"..."}.
 */
#pragma once

#include "emulator/answer.h"
#include "emulator/files.h"
#include "emulator/request.h"
#include "emulator/signer.h"
#include "emulator/users.h"

typedef struct {
    SmUsers *users;
    SmFiles *files;
    const SmSigner *signer;
    gboolean any_name; /* the objects are elsewhere: every name is taken to exist */
} SmApi;

/* Answers one call and notes user and file name in the request. Caller owns. */
SmAnswer *sm_api_answer(const SmApi *api, SmRequest *request);
