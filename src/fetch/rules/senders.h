/*
 * Who may announce files for an account: `senders`, `authserv-id` and
 * `trusted-hops` against what the event says of its message. Pure, and before
 * anything else is done about an event.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "common/event/event.h"

/*
 * Whether account takes event: its From is one of senders, and, where
 * authserv-id is set, Authentication-Results of that name (RFC 8601), of those
 * below at most trusted-hops Received lines the ones below the fewest, say no
 * other result of dmarc than pass, and dmarc=pass for From's domain, or
 * dkim=pass for a domain (header.d, else header.i) that is From's, or one
 * below it, or one above it. That is relaxed alignment (RFC 7489, 3.1.1)
 * without a list of public suffixes: of the domains "above" only those have
 * keys that somebody owns. An account that restricts nothing takes all.
 *
 * account NULL, where it belongs to none: whether any enabled one would take
 * it, so that strangers cannot raise alerts by what is nobody's.
 *
 * FALSE with *why, one line, which the caller frees.
 */
gboolean sm_senders_allow(const SmConfig *config, const SmAccount *account, const SmEvent *event,
                          char **why);

/* Whether event has exactly one address in From, and senders, if it is set, has it. */
gboolean sm_senders_lists(const SmAccount *account, const SmEvent *event);
