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
 * Where it does not keep to the grammar, where it is of another version, names
 * nobody or is larger than any mail system writes, nothing of it is added; nor
 * is a result whose properties cannot be told one by one by blanks, or do not
 * fit into a line. What some mail systems write beyond the grammar, a property
 * without a type and a semicolon at the end, is read over.
 */
void sm_auth_results_read(const char *value, guint hops, GPtrArray *results);
