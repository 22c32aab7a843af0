/* Recipients as delivery agents and senders write them down: in headers and in the environment. */
#pragma once

#include <glib.h>

/*
 * Adds to found (of char *) the addresses in value, each once, until there are
 * SM_EVENT_LIST_MAX. Without what RFC 5322 lets stand around them: names, brackets,
 * groups, routes, comments, blanks, quotes around a local part, a dot behind the
 * domain. A word without an "@" is none (getmail6 writes "unknown").
 */
void sm_address_read(const char *value, GPtrArray *found);
