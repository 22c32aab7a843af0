/*
 * The calls that carry user name and password, each through the account's gate
 * (gate.h): the login, and a presigned URL in one step.
 */
#pragma once

#include "fetch/service/call.h"
#include "fetch/service/secret.h"

enum { SM_TOKEN_MAX = 1024 /* bytes */ };

/* What is wanted out of a 200's answer, in secret memory that the caller releases; else NULL. */
typedef char *(*SmReplyReader)(const SmService *service, const SmReply *reply, GError **error);

/*
 * Posts user name and secret to path and gives what read takes out of the
 * answer. Errors: SM_ERROR_CREDENTIALS (401, 403, or closed before),
 * SM_ERROR_NOT_FOUND (404 for /file), SM_ERROR_SERVICE, SM_ERROR_TRUST, SM_ERROR_BUSY,
 * SM_ERROR_LEDGER, SM_ERROR_LIMIT, and those of read.
 */
char *sm_login_call(SmService *service, const char *path, const SmSecret *secret,
                    SmReplyReader read, GError **error);

/*
 * Logs in: whether user name and secret are good, and the token for the calls
 * after it; errors as above. sm_login_forget() wipes the token. SM_ERROR_CREDENTIALS above all.
 */
char *sm_login(SmService *service, const SmSecret *secret, GError **error);

/* Wipes and frees a token; NULL is allowed. */
void sm_login_forget(char *token);

/*
 * Whether the service accepts secret as the account's password: one login beside
 * the gate and the ledger (which may be NULL), for a person who is about to
 * change the password. SM_ERROR_CREDENTIALS when it does not; SM_ERROR_SERVICE,
 * SM_ERROR_TRUST when the service cannot be asked.
 */
gboolean sm_login_try(SmService *service, const SmSecret *secret, GError **error);
