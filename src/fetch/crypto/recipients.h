/*
 * The keys that `encrypt-to` names, found in the keyring and fit for use: it is
 * known that a file can be encrypted before the service is asked for it.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/crypto/gpg.h"

typedef struct {
    const char *home;  /* the account's `gnupg-home`; NULL: gpg's own */
    gpgme_key_t *keys; /* NULL-terminated, as GPGME wants them */
} SmRecipients;

/*
 * The recipients of an account whose encrypt_to is not empty. SM_ERROR_ENCRYPTION:
 * a key is missing, expired, revoked, disabled or cannot encrypt, or there is no
 * gpg; the message names key and remedy.
 */
SmRecipients *sm_recipients_find(const SmAccount *account, GError **error);

/* Frees recipients. */
void sm_recipients_free(SmRecipients *recipients);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmRecipients, sm_recipients_free)
