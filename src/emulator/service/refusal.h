/*
 * Refusals: the words of the service's own, by which a client judges what to do,
 * and the answers of what may stand before it.
 */
#pragma once

#include "emulator/base/answer.h"
#include "emulator/base/request.h"

#define SM_WORDS_PASSWORD "The user name or the password is not valid"
#define SM_WORDS_ROLE "The user does not have the role File Downloads"
#define SM_WORDS_SESSIONS                                                                          \
    "You have reached the max sessions, Please download files with the Token instead of "          \
    "Username/Password"

/*
 * As the service itself (401 rejects the password, 403 the role) or, for an
 * object, as S3. Caller owns.
 */
SmAnswer *sm_refusal(const SmRequest *request, guint status);

/* As a content delivery network or a proxy: a web page, for 401 with a realm. Caller owns. */
SmAnswer *sm_refusal_html(guint status);

/* As an API gateway: JSON in the service's form, {"message":"Forbidden"}. Caller owns. */
SmAnswer *sm_refusal_gateway(guint status);
