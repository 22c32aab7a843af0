/* A server's certificate, as a person wants to hear of it. Pure. */
#pragma once

#include <glib.h>

/*
 * Of a certificate in PEM form its issuer, "CN=..., O=..." (cleaned; the caller
 * frees it), and the time at which it expires, seconds since 1970. FALSE if it is none.
 */
gboolean sm_certificate_read(const char *pem, char **issuer, gint64 *expires);
