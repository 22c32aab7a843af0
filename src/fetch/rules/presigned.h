/*
 * Presigned URLs: which may be used. The service's word is not enough: a URL
 * must lead to an object store that the configuration names, over https.
 */
#pragma once

#include <glib.h>

/* What follows the reason in a message about a URL that no setting of ours would make good. */
#define SM_PRESIGNED_BAD "; refused: check service-url, or report it to the service"

/*
 * TRUE if url is https, without user information, control characters or
 * fragment, and its host and port are in storage_hosts: HOST or a pattern in
 * which a label `*` stands for any one label, and `*` at the end of a label for
 * one character or more, port 443, or HOST:PORT for
 * another one. Else SM_ERROR_URL, naming the host and never the query.
 */
gboolean sm_presigned_check(const char *url, const char *const *storage_hosts, GError **error);

/* Whether host (IPv6 in []) and port are in storage_hosts; literally: patterns don't count. */
gboolean sm_presigned_is_listed(const char *host, const char *port,
                                const char *const *storage_hosts, gboolean literally);

/* Whether the host and port of url are in storage_hosts without a `*`. */
gboolean sm_presigned_is_literal(const char *url, const char *const *storage_hosts);
