/* Making a certificate authority and a server certificate (X.509, RFC 5280) with GnuTLS. */
#pragma once

#include <glib.h>

typedef struct {
    char *ca;     /* PEM: the authority's certificate */
    char *server; /* PEM: the server's certificate */
    char *key;    /* PEM: the server's private key */
} SmCertificate;

/*
 * For localhost, *.localhost, *.s3.localhost, 127.0.0.1 and host; ECDSA on
 * P-256, ten years. SM_ERROR_INTERNAL if GnuTLS cannot.
 */
SmCertificate *sm_certificate_make(const char *host, GError **error);

/* Frees certificate. */
void sm_certificate_free(SmCertificate *certificate);

/* Whether the certificate (PEM) names host itself, a name or an IPv4 address. */
gboolean sm_certificate_is_for(const char *pem, const char *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmCertificate, sm_certificate_free)
