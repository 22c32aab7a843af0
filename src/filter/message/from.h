/*
 * From, as mail programs and gateways write it: "[External] Board, College
 * <x@example.org>" has one address, although RFC 5322 wants quotes around the name.
 */
#pragma once

#include <glib.h>

/*
 * Adds to found (of char *) the addresses in a From field's raw value: what stands
 * in angle brackets, and each word with an "@" outside of them, of quotes and of
 * comments. What looks like several addresses in one place is added as "", so that
 * it counts as one that is nobody's.
 */
void sm_from_read(const char *value, GPtrArray *found);
