/*
 * A look at the service without a call of it: whether it can be reached, by which
 * certificate, and what time it has. No credentials are sent.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/http/certificate.h"

typedef struct {
    SmCertificate certificate; /* the server's; without an issuer: not known */
    gint64 ahead;   /* seconds that our clock is ahead of the service's; behind: negative */
    gboolean dated; /* whether it told its time */
} SmProbe;

/*
 * Asks for the headers of the account's service-url, whatever the answer's
 * status. SM_ERROR_TRUST where the certificate is not to be trusted,
 * SM_ERROR_SERVICE, SM_ERROR_CONFIG.
 */
gboolean sm_probe(const SmAccount *account, SmProbe *probe, GError **error);

/* Frees probe. */
void sm_probe_clear(SmProbe *probe);

/*
 * Names that the host of the account's service-url has addresses. *addresses, which the
 * caller frees, lists them. SM_ERROR_SERVICE.
 */
gboolean sm_probe_resolve(const char *host, const char *port, char **addresses, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmProbe, sm_probe_clear)
