/*
 * The token that stands for user name and password, shared by the threads of
 * one account's calls. It is asked for when it is first needed, and again when
 * the service has rejected it.
 */
#pragma once

#include "fetch/service/call.h"

/* A token that has not been asked for yet. Caller frees with sm_token_free(). */
SmToken *sm_token_new(void);

/* Frees token; NULL is allowed. */
void sm_token_free(SmToken *token);

/*
 * A copy in secret memory, for sm_login_forget(). rejected: NULL, or the copy
 * that the service did not take: one thread logs in again, the others get what
 * it got. Errors: those of sm_login(), SM_ERROR_SECRET.
 */
char *sm_token_get(SmToken *token, SmService *service, const char *rejected, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmToken, sm_token_free)
