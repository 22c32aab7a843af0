/*
 * This room is the emulator's process: command line, HTTPS server, connections, access log.
 *
 * The HTTPS server: a listening socket and libmicrohttpd behind it. Each connection
 * has a thread of its own, so that a late, slow or stalled answer holds up no other
 * one. A wait ends when the client goes away or the server stops.
 */
#pragma once

#include <glib.h>

#include "emulator/service/service.h"
#include "emulator/tls.h"

typedef struct SmServer SmServer;

/*
 * A socket that listens on address (IPv4 or IPv6; :: is both); *port 0 becomes
 * the port that was free. -1 and SM_ERROR_IO if the port is taken, or the
 * address is none of this machine.
 */
int sm_server_listen(const char *address, guint16 *port, GError **error);

/* Serves on the socket, which it takes over, in threads of its own until it is stopped. log:
 * access-log.h. SM_ERROR_INTERNAL if it cannot start. */
SmServer *sm_server_start(int listener, const SmTls *tls, const SmService *service, int log,
                          GError **error);

/* Ends all connections, stalled ones too, and frees the server. */
void sm_server_stop(SmServer *server);
