/*
 * Authentication-Results (RFC 8601, 2.2): what a mail system found out about the
 * sender of a message. Anybody can write such a header, so this module trusts none;
 * the event gets each result, and the facts that show who may have written it.
 */
#pragma once

#include <glib.h>

/*
 * Adds to results (of char *) a line for each result in value, in the form that
 * SmEvent has in auth; words are in lower case, values are not. value is the
 * header's raw value, below hops Received lines. A header that checked nothing
 * gives "HOPS AUTHSERV-ID none". Only properties of the message's header count.
 *
 * A result that is not written plainly (a comment or a blank inside, another
 * version, a quoted domain ...) becomes METHOD=unclear, which is no pass; it does
 * not spoil other results or properties. Call it for each header, the topmost
 * first: a method is left out if a header above, of the same name and below as
 * many Received lines, had it. A comment or a quoted string without end adds
 * dmarc=unclear. A header adds nothing if it names nobody, is of another version,
 * or is larger than any mail system writes.
 */
void sm_auth_results_read(const char *value, guint hops, GPtrArray *results);
