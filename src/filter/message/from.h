/*
 * From, as mail programs and gateways write it: "[External] Board, College
 * <x@example.org>" has one address, although RFC 5322 wants quotes around the name.
 */
#pragma once

#include <glib.h>

/*
 * Adds to found (of char *) the addresses in a From field's raw value: what stands
 * in angle brackets, and each word with an "@" outside of brackets, quotes and
 * comments. A place that looks like several addresses adds "", an address that
 * belongs to nobody.
 */
void sm_from_read(const char *value, GPtrArray *found);
