/*
 * The server's certificate, and the certificate authority that vouches for it.
 * The authority is made together with the certificate; its private key is never stored.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *ca_path;     /* absolute: what a client is to trust */
    char *certificate; /* PEM */
    char *key;         /* PEM */
} SmTls;

/*
 * The certificate kept in folder (ca.pem, server.pem, server.key), made when
 * one of them is missing or when it is not for all of hosts (NULL-terminated);
 * folder is made too. SM_ERROR_IO if it cannot be read or written.
 */
SmTls *sm_tls_keep(const char *folder, const char *const *hosts, GError **error);

/*
 * A certificate and key of the user's; the certificate is what clients trust.
 * SM_ERROR_IO if one cannot be read, SM_ERROR_CONFIG if they do not belong
 * together.
 */
SmTls *sm_tls_load(const char *certificate, const char *key, GError **error);

/* Takes the files of sm_tls_keep() away, and the folder if nothing else is in it. */
void sm_tls_remove(const char *folder);

/* Frees tls. */
void sm_tls_free(SmTls *tls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmTls, sm_tls_free)
