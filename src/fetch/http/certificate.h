/*
 * The certificate that a server shows, as a person wants to hear of it: who issued
 * it, and when it is valid.
 */
#pragma once

#include <glib.h>

#include "fetch/host/autoptr.h"

typedef struct {
    char *issuer;   /* "CN=..., O=...", cleaned; NULL: nothing is known of it */
    gint64 begins;  /* when it is valid: seconds since 1970 */
    gint64 expires; /* the same */
} SmCertificate;

/* Frees what certificate holds. */
void sm_certificate_clear(SmCertificate *certificate);

/* A certificate in PEM form. FALSE if it is none. */
gboolean sm_certificate_parse(const char *pem, SmCertificate *certificate);

/* The server's own of the last transfer of handle, which had CURLOPT_CERTINFO. */
void sm_certificate_read(CURL *handle, SmCertificate *certificate);

/*
 * Looks at the certificate that a transfer of handle from url has refused, by a
 * second connection with the options of the first. It is the one that does not
 * check: it ends with the handshake, nothing is sent, and nothing but dates and
 * issuer is taken from it, to be shown.
 */
void sm_certificate_look(CURL *handle, const char *url, SmCertificate *certificate);

/*
 * What is wrong with it at the time now, and what to do: expired or not yet valid,
 * with the dates; else not trusted, with detail (libcurl's words). Caller frees.
 */
char *sm_certificate_fault(const SmCertificate *certificate, gint64 now, const char *detail);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmCertificate, sm_certificate_clear)
