/* Addresses as delivery agents write them down: in trace headers and in the environment. */
#pragma once

#include <glib.h>

/*
 * The address in value, without blanks and angle brackets around it (Dovecot's
 * LMTP writes those); NULL where it has no "@" (getmail6 writes "unknown").
 * Caller frees.
 */
char *sm_address_in(const char *value);
