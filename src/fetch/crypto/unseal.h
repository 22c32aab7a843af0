/* The way back: decrypts a file for whoever has the key, into memory and to a function. */
#pragma once

#include <glib.h>

#include "fetch/crypto/digest.h"

/* Takes the next bytes; FALSE and error ends it all. */
typedef gboolean (*SmUnsealed)(const void *data, gsize length, gpointer user_data, GError **error);

/*
 * Decrypts what fd holds from where it stands, by the key in home (NULL: gpg's
 * own), and adds what it reads to stored. gpg may ask for a passphrase at the
 * terminal. Errors: SM_ERROR_ENCRYPTION (no key for it, no gpg, no passphrase),
 * SM_ERROR_DATA (not a complete encrypted file), SM_ERROR_DIRECTORY (it cannot be
 * read), and take's own.
 */
gboolean sm_unseal(const char *home, int fd, SmDigest *stored, SmUnsealed take, gpointer user_data,
                   GError **error);
