/*
 * The service's own calls: login, file and files/list. Each is a POST in JSON with
 * an answer in JSON; an error is a status and {"message":"..."}. As the service
 * does, it ignores what follows the JSON of a request, and a file call may be a GET
 * with the token as parameter tok.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/files.h"
#include "emulator/base/request.h"
#include "emulator/base/sessions.h"
#include "emulator/base/users.h"
#include "emulator/s3/signer.h"
#include "emulator/service/listing.h"

typedef struct {
    SmUsers *users;
    SmFiles *files;
    const SmSigner *signer;
    gboolean any_name; /* the objects are elsewhere: every name is taken to exist */
    SmSessions *sessions;
    guint sessions_status; /* of the answer beyond the limit of sessions */
    const char *empty;     /* how a listing says that there is nothing: JSON, or no member */
    gboolean strict_dates; /* fromDate in the documented form alone */
} SmApi;

/* Answers one call and notes the user in the request. Caller owns. */
SmAnswer *sm_api_answer(const SmApi *api, SmRequest *request);
