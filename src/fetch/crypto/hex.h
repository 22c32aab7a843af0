/* Digests as lower-case hex. */
#pragma once

#include <glib.h>

/* Caller frees. */
char *sm_hex(const guint8 *bytes, gsize length);
