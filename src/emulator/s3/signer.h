/*
 * Where the objects are and how their URLs are signed: the emulator's own
 * store, a real S3 server, or a plain web server (no keys, no signature).
 */
#pragma once

#include <glib.h>

#include "emulator/base/request.h"
#include "emulator/s3/key.h"

typedef enum { SM_SIGNATURE_V2, SM_SIGNATURE_V4 } SmSignatureVersion;

typedef struct {
    SmSignatureVersion version;
    char *scheme;   /* https */
    char *endpoint; /* HOST, without the bucket; NULL for a store elsewhere */
    char *host;     /* HOST[:PORT], with the bucket in front of it in the virtual-host form */
    char *bucket;   /* NULL for a store elsewhere */
    char *prefix;   /* /BUCKET/K12, decoded, without a slash at its end */
    SmS3Key key;
    gboolean virtual_host; /* URLs are https://BUCKET.HOST/KEY and not https://HOST/BUCKET/KEY */
    guint lifetime;        /* seconds */
} SmSigner;

/*
 * A signer for the emulator's own store at the host of that name. What key lacks (it
 * may be NULL) gets a default: a new key pair, us-east-1.
 */
SmSigner *sm_signer_new_own(const char *endpoint, const char *bucket, gboolean virtual_host,
                            const SmS3Key *key);

/* Sets the port of the own store; does nothing to a signer for another store. */
void sm_signer_set_port(SmSigner *signer, guint16 port);

/*
 * A signer for the objects under url (SCHEME://HOST[:PORT]/BUCKET/PREFIX); without
 * an access key URLs are plain. SM_ERROR_USAGE for another kind of URL.
 */
SmSigner *sm_signer_new_foreign(const char *url, const SmS3Key *key, GError **error);

/* Frees signer. */
void sm_signer_free(SmSigner *signer);

/* The URL of name, valid for the lifetime from now on. Caller frees. */
char *sm_signer_url(const SmSigner *signer, const char *name, gint64 now);

/*
 * /BUCKET/KEY, encoded as it was sent, of a request to the own store: the path,
 * whatever the host, or Host and path where only the host names the bucket.
 * Caller frees.
 */
char *sm_signer_resource(const SmSigner *signer, const SmRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmSigner, sm_signer_free)
