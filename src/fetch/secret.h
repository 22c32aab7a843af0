/*
 * Passwords: read into locked memory (OpenSSL's secure heap) that is wiped when
 * freed, compared by a keyed fingerprint, never printed.
 */
#pragma once

#include <glib.h>

#include "common/config.h"

typedef struct SmSecret SmSecret;

/*
 * The account's password from its password-file. The checks are made on the
 * open descriptor: a regular file of ours or of root's, closed to others, and
 * to the group unless the group is ours. One final LF or CRLF is taken off.
 * SM_ERROR_SECRET names the file, never what is in it.
 */
SmSecret *sm_secret_read(const SmAccount *account, GError **error);
void sm_secret_free(SmSecret *secret);

/* The password; valid as long as secret. */
const char *sm_secret_text(const SmSecret *secret);

/* HMAC-SHA-256 under key over user name and password, hex. Caller frees. */
char *sm_secret_fingerprint(const SmSecret *secret, const char *username, const char *key);

/* A buffer of size bytes for what holds secrets (request bodies, URLs); wiped by
 * sm_secret_release(). */
char *sm_secret_alloc(gsize size);
void sm_secret_release(char *buffer, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSecret, sm_secret_free)
