/* What faults need below HTTP: waiting on a connection, and breaking it. */
#pragma once

#include <glib.h>

enum { SM_WIRE_FOREVER = -1 };

/* Waits so many milliseconds; FALSE if the other side went away meanwhile. */
gboolean sm_wire_wait(int fd, int milliseconds);

/* Sends at once what the kernel holds back to fill a packet. */
void sm_wire_push(int fd);

/*
 * Breaks the connection with a TCP reset, once the other side has received
 * everything that was sent so far: it sees exactly those bytes, then the reset.
 */
void sm_wire_reset(int fd);
