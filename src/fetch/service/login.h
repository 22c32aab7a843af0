/*
 * The calls that carry user name and password, each through the account's gate
 * (gate.h): the login, for a token, and a presigned URL in one step.
 */
#pragma once

#include "fetch/service/call.h"
#include "fetch/service/secret.h"

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

/* Logs in with the account's password for a person who looks, so that a rejected one is tried once
 * more: whether it is good. Errors as above, SM_ERROR_SECRET. */
gboolean sm_login_check(const SmAccount *account, SmLedger *ledger, GError **error);

/*
 * A token that stands for user name and password, shared by the threads of one account's calls. It
 * is asked for when it is first needed, and again when the service has rejected it. Caller frees
 * with sm_token_free().
 */
SmToken *sm_token_new(void);

/* Frees token; NULL is allowed. */
void sm_token_free(SmToken *token);

/*
 * A copy in secret memory, for sm_login_forget(). rejected: NULL, or the copy
 * that the service did not take: one thread logs in again, the others get what
 * it got. Errors: those of a login, SM_ERROR_SECRET.
 */
char *sm_token_get(SmToken *token, SmService *service, const char *rejected, GError **error);

/* Wipes and frees what sm_token_get() gave; NULL is allowed. */
void sm_login_forget(char *token);

/*
 * Whether the service accepts secret as the account's password: one login beside
 * the gate and the ledger (which may be NULL), for a person who is about to
 * change the password. SM_ERROR_CREDENTIALS when it does not; SM_ERROR_SERVICE,
 * SM_ERROR_TRUST when the service cannot be asked.
 */
gboolean sm_login_try(SmService *service, const SmSecret *secret, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmToken, sm_token_free)
