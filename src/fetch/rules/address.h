/* Which addresses lie outside, in the internet of everybody. Pure. */
#pragma once

#include <glib.h>
#include <sys/socket.h>

/*
 * Whether address (IPv4 or IPv6) is one that the whole internet can reach: by
 * the registries of special-purpose addresses (RFC 6890) not loopback, private,
 * shared, link-local, multicast, for documentation or reserved. IPv6 that stands
 * for an IPv4 address (mapped, RFC 4291; 6to4, RFC 3056; NAT64, RFC 6052) is
 * judged by that. Anything else is not public.
 */
gboolean sm_address_is_public(const struct sockaddr *address);

/* As it stands in a URL, IPv6 in []. Caller frees. */
char *sm_address_text(const struct sockaddr *address);
