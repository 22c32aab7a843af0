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

static void
write_address(struct sockaddr_storage *to, socklen_t *size, const char *address, guint16 port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *size = sizeof *v4;
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *size = sizeof *v6;
    }
}

int
sm_server_listen(const char *address, guint16 *port, GError **error)
{
    struct sockaddr_storage where = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof where;
    sm_autofd int fd = -1;
    const int on = 1;

    write_address(&where, &size, address, *port);
    fd = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&where, size) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&where, &size) < 0) {
        sm_error_from_errno(error, SM_ERROR_IO, "%s port %u, --port=0 takes a free one", address,
                            *port);
        return -1;
    }
    *port = ntohs(where.ss_family == AF_INET ? ((struct sockaddr_in *)&where)->sin_port
                                             : ((struct sockaddr_in6 *)&where)->sin6_port);
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
    g_set_error(error, SM_ERROR, SM_ERROR_INTERNAL, "cannot start the HTTPS server");
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
