/* A new password of an account: asked for at the terminal, and tried at the service. */
#pragma once

#include "fetch/service/secret.h"

/* Asks for it twice. The errors of terminal.h: SM_ERROR_USAGE, SM_ERROR_IO; SM_ERROR_DATA where
 * what was typed is no password, or not twice the same; SM_ERROR_INTERNAL. *typed: something was
 * typed, so that asking again makes sense. */
SmSecret *sm_password_ask(const SmAccount *account, gboolean *typed, GError **error);

/* The first line of standard input. SM_ERROR_DATA where it is no password. */
SmSecret *sm_password_read_stdin(GError **error);

/*
 * Whether it may be written: one login says so. With force also where that cannot be told, with a
 * warning. SM_ERROR_CREDENTIALS; without force SM_ERROR_SERVICE, SM_ERROR_TRUST, SM_ERROR_CONFIG.
 */
gboolean sm_password_try(const SmAccount *account, const SmSecret *secret, gboolean force,
                         GError **error);
