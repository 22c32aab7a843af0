#include "emulator/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "emulator/exchange.h"

enum { CONNECTIONS_MAX = 1024, BACKLOG = 1024 };

struct SmServer {
    struct MHD_Daemon *daemon;
    SmExchangeContext context;
};

int
sm_server_listen(guint16 *port, GError **error)
{
    sm_autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        sm_error_from_errno(error, SM_ERROR_IO, "127.0.0.1 port %u", *port);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return sm_steal_fd(&fd);
}

SmServer *
sm_server_start(int listener, const SmTls *tls, const SmService *service, const SmAccessLog *log,
                GError **error)
{
    SmServer *server = g_new0(SmServer, 1);
    const unsigned int flags = MHD_USE_TLS | MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD |
                               MHD_USE_THREAD_PER_CONNECTION;

    server->context = (SmExchangeContext){service, log};
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, sm_exchange_handle, &server->context, MHD_OPTION_LISTEN_SOCKET,
        listener, MHD_OPTION_HTTPS_MEM_CERT, tls->certificate, MHD_OPTION_HTTPS_MEM_KEY, tls->key,
        MHD_OPTION_URI_LOG_CALLBACK, sm_exchange_begin, &server->context,
        MHD_OPTION_NOTIFY_COMPLETED, sm_exchange_end, &server->context, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)CONNECTIONS_MAX, MHD_OPTION_END);
    if (server->daemon != NULL)
        return server;
    g_set_error(error, SM_ERROR, SM_ERROR_CONFIG,
                "the server cannot start with the certificate %s: is it PEM, and the key its own?",
                tls->certificate_path);
    sm_close(&listener);
    g_free(server);
    return NULL;
}

void
sm_server_stop(SmServer *server)
{
    MHD_stop_daemon(server->daemon);
    g_free(server);
}
