/* Memory for secrets: locked (OpenSSL's secure heap) where that is permitted, wiped when released.
 */
#pragma once

#include <glib.h>

/* A zeroed buffer of size bytes for what holds secrets: passwords, request bodies, URLs. Ends the
 * process where there is no memory; release it with sm_secret_release(). */
char *sm_secret_alloc(gsize size);

/* Wipes and frees the size bytes of buffer, which may be NULL. */
void sm_secret_release(char *buffer, gsize size);
