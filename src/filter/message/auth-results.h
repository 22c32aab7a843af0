/*
 * Authentication-Results (RFC 8601, 2.2): what a mail system found out about who
 * sent a message. Anybody can write such a header, so nothing is believed here;
 * each result goes into the event with what tells who may have written it.
 */
#pragma once

#include <glib.h>

/*
 * Adds to results (of char *) what value, the header's raw value that stands
 * below hops Received lines, says: a line for each result in the form that
 * SmEvent has in auth, the words in lower case but for values; "HOPS
 * AUTHSERV-ID none" where it says that nothing was checked. Of the properties
 * those of the message's header alone, since no other one is asked for.
 *
 * A result that is not written plainly (a comment or a blank inside, another
 * version, a quoted domain ...) becomes METHOD=unclear, which is no pass; what
 * is odd in other results, or in other properties, does not matter. A method of
 * which a header above, of the same name and below as many Received lines, has
 * told is left out: call it for each header, the topmost first. Where a comment
 * or a quoted string has no end, dmarc=unclear is added. Nothing is added of a
 * header that names nobody, is of another version, or is larger than any mail
 * system writes.
 */
void sm_auth_results_read(const char *value, guint hops, GPtrArray *results);
