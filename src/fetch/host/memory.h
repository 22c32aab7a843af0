/* Memory for secrets: locked (OpenSSL's secure heap) where that is permitted, wiped when released.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

/* A zeroed buffer of size bytes for what holds secrets: passwords, request bodies, URLs. Never
 * NULL: where the heap is full it is other memory, and where there is none the process ends.
 * Release it with sm_secret_release(). */
char *sm_secret_alloc(gsize size);

/* A copy of text, cut where it has no room, in such a buffer of size bytes. */
char *sm_secret_copy(const char *text, gsize size);

/* Wipes and frees the size bytes of buffer, which may be NULL. */
void sm_secret_release(char *buffer, gsize size);

/*
 * fork(2), of a process that has secrets of its own and goes on making TLS connections: the memory
 * for secrets, in which OpenSSL has a part of its state too, stays usable in it. After any other
 * fork it must not be used in the new process, where it is empty.
 */
pid_t sm_secret_fork(void);
