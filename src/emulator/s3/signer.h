/*
 * Where the objects are and how their URLs are signed: the emulator's own
 * store, a real S3 server, or a plain web server (no keys, no signature).
 */
#pragma once

#include <glib.h>

typedef enum { SM_SIGNATURE_V2, SM_SIGNATURE_V4 } SmSignatureVersion;

typedef struct {
    SmSignatureVersion version;
    char *scheme;     /* https */
    char *host;       /* HOST[:PORT] */
    char *prefix;     /* /BUCKET/K12, decoded, without a slash at its end */
    char *access_key; /* NULL: URLs are not signed */
    char *secret_key;
    char *region;
    guint lifetime; /* seconds */
} SmSigner;

/* A signer for the emulator's own store, with a new key pair. */
SmSigner *sm_signer_new_own(const char *host, const char *bucket);

/*
 * A signer for the objects under url (SCHEME://HOST[:PORT]/BUCKET/PREFIX); the
 * keys may be NULL, both of them. SM_ERROR_USAGE for another kind of URL.
 */
SmSigner *sm_signer_new_foreign(const char *url, const char *access_key, const char *secret_key,
                                const char *region, GError **error);

/* Frees signer. */
void sm_signer_free(SmSigner *signer);

/* The URL at which name may be had for the lifetime, counted from now. Caller frees. */
char *sm_signer_url(const SmSigner *signer, const char *name, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSigner, sm_signer_free)
