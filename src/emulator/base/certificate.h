/* Making a certificate authority and a server certificate (X.509, RFC 5280) with GnuTLS. */
#pragma once

#include <glib.h>

/*
 * The authority's certificate, the server's, and the server's private key, as three texts in PEM.
 * For all hosts (NULL-terminated): names, with or without a wildcard, and
 * addresses; ECDSA on P-256, ten years. Caller frees. SM_ERROR_INTERNAL if GnuTLS cannot.
 */
GPtrArray *sm_certificate_make(const char *const *hosts, GError **error);

/* Whether the certificate (PEM) names each of the hosts itself. */
gboolean sm_certificate_is_for(const char *pem, const char *const *hosts);

/* Whether key is the certificate's own, both PEM. */
gboolean sm_certificate_has_key(const char *certificate, const char *key);
