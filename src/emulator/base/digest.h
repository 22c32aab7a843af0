/*
 * Keyed hashes and random names, by GnuTLS. Nothing here fails: an algorithm
 * that the library lacks is a broken installation and ends the program.
 */
#pragma once

#include <glib.h>

enum { SM_SHA256_SIZE = 32 };

/* HMAC-SHA256 of text under key, into out. */
void sm_hmac_sha256(const void *key, gsize key_size, const char *text, guint8 out[SM_SHA256_SIZE]);

/* HMAC-SHA1 of text under key, in base64: a Signature Version 2. Caller frees. */
char *sm_hmac_sha1_base64(const char *key, const char *text);

/* Whether a and b are the same text, in a time that says nothing about where they differ. */
gboolean sm_equal_secret(const char *a, const char *b);

/* length random characters out of alphabet. Caller frees. */
char *sm_random_text(gsize length, const char *alphabet);

/* A random UUID in capital letters, as the service's tokens look. Caller frees. */
char *sm_random_uuid(void);
