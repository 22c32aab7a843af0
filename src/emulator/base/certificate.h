/* Making a certificate authority and a server certificate (X.509, RFC 5280) with GnuTLS. */
#pragma once

#include <glib.h>

typedef struct {
    char *ca;     /* PEM: the authority's certificate */
    char *server; /* PEM: the server's certificate */
    char *key;    /* PEM: the server's private key */
} SmCertificate;

/*
 * For all hosts (NULL-terminated): names, with or without a wildcard, and
 * addresses; ECDSA on P-256, ten years. SM_ERROR_INTERNAL if GnuTLS cannot.
 */
SmCertificate *sm_certificate_make(const char *const *hosts, GError **error);

/* Frees certificate. */
void sm_certificate_free(SmCertificate *certificate);

/* Whether the certificate (PEM) names each of the hosts itself. */
gboolean sm_certificate_is_for(const char *pem, const char *const *hosts);

/* Whether key is the certificate's own, both PEM. */
gboolean sm_certificate_has_key(const char *certificate, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmCertificate, sm_certificate_free)
