#include "emulator/server.h"

#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "emulator/access-log.h"
#include "emulator/wire.h"

enum { CONNECTIONS_MAX = 1024, BACKLOG = 1024, BLOCK = 256 * 1024 };

struct SmServer {
    struct MHD_Daemon *daemon;
    const SmService *service;
    int log;
};

typedef struct {
    const SmServer *server;
    char *target;
    gint64 arrived;
    int fd; /* of the connection, borrowed */
    SmRequest *request;
    SmAnswer *answer;
    GString *struck;
    guint64 sent; /* bytes of the body */
    gboolean logged;
} Exchange;

static void *
begin(void *server, const char *target, struct MHD_Connection *connection)
{
    Exchange *exchange = g_new0(Exchange, 1);

    exchange->server = server;
    exchange->target = g_strdup(target);
    exchange->arrived = sm_clock_now();
    exchange->fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    exchange->struck = g_string_new(NULL);
    return exchange;
}

static void
write_log(Exchange *exchange)
{
    const SmAnswer *answer = exchange->answer; /* none if the asker left before there was one */

    if (exchange->logged || exchange->request == NULL)
        return;
    exchange->logged = TRUE;
    sm_access_log_write(exchange->server->log, exchange->request,
                        answer != NULL ? answer->status : 0, exchange->sent, exchange->struck->str);
}

/* The body has come to the end that the answer has for it. */
static ssize_t
end_body(const Exchange *exchange)
{
    switch (exchange->answer->end) {
    case SM_END_RESET:
        sm_wire_reset(exchange->fd);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    case SM_END_STALL:
        sm_wire_push(exchange->fd);
        sm_wire_wait(exchange->fd, SM_WIRE_FOREVER);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    case SM_END_WHOLE:
    case SM_END_CLOSE:
        break;
    }
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* Bytes of a tenth of a second, at least one, after the time that they take. */
static gboolean
keep_pace(const Exchange *exchange, size_t *max)
{
    guint pace = exchange->answer->pace;

    *max = MIN(*max, MAX(pace / 10, 1));
    sm_wire_push(exchange->fd);
    return sm_wire_wait(exchange->fd, (int)MIN(*max * 1000 / pace, G_MAXINT));
}

static ssize_t
read_body(void *closure, uint64_t position, char *buffer, size_t max)
{
    Exchange *exchange = closure;
    guint64 until = sm_answer_sendable(exchange->answer);
    gssize got;

    if (position >= until)
        return end_body(exchange);
    max = MIN(max, until - position);
    if (exchange->answer->pace > 0 && !keep_pace(exchange, &max))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    got = sm_answer_read(exchange->answer, position, buffer, max);
    if (got <= 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    exchange->sent = position + (guint64)got;
    if (exchange->sent == until)
        write_log(exchange);
    return got;
}

static void
add_headers(struct MHD_Response *response, const SmAnswer *answer)
{
    for (guint i = 0; i < answer->headers->len; i += 2)
        MHD_add_response_header(response, g_ptr_array_index(answer->headers, i),
                                g_ptr_array_index(answer->headers, i + 1));
    if (answer->declared != SM_LENGTH_NONE && answer->declared != (gint64)answer->length) {
        g_autofree char *length = g_strdup_printf("%" G_GINT64_FORMAT, answer->declared);

        /* no chunks, and the connection's end as the only end: then the header is not sent twice */
        MHD_set_response_options(
            response, MHD_RF_INSANITY_HEADER_CONTENT_LENGTH | MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
            MHD_RO_END);
        MHD_add_response_header(response, "Content-Length", length);
    }
}

static enum MHD_Result
send_answer(Exchange *exchange, struct MHD_Connection *connection)
{
    const SmAnswer *answer = exchange->answer;
    gboolean is_true = answer->declared == (gint64)answer->length;
    uint64_t size = is_true ? answer->length : MHD_SIZE_UNKNOWN;
    struct MHD_Response *response =
        MHD_create_response_from_callback(size, BLOCK, read_body, exchange, NULL);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    if (sm_answer_sendable(answer) == 0 || strcmp(exchange->request->method, "HEAD") == 0)
        write_log(exchange); /* no body will come by to do it */
    add_headers(response, answer);
    result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result
collect_header(void *closure, enum MHD_ValueKind kind, const char *name, const char *value)
{
    sm_request_add_header(closure, name, value != NULL ? value : "");
    return MHD_YES;
}

static enum MHD_Result
handle(void *server, struct MHD_Connection *connection, const char *url, const char *method,
       const char *version, const char *data, size_t *size, void **closure)
{
    Exchange *exchange = *closure;
    const SmService *service = exchange->server->service;
    guint delay;

    if (exchange->request == NULL) {
        exchange->request = sm_request_new(method, exchange->target, exchange->arrived);
        MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_header, exchange->request);
        return MHD_YES;
    }
    if (*size > 0) {
        sm_request_add_body(exchange->request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    delay = sm_service_delay(service, exchange->request, exchange->struck);
    if (delay > 0 && !sm_wire_wait(exchange->fd, (int)delay))
        return MHD_NO;
    exchange->answer = sm_service_answer(service, exchange->request, exchange->struck);
    if (exchange->answer->silent) {
        write_log(exchange);
        sm_wire_reset(exchange->fd);
        return MHD_NO;
    }
    return send_answer(exchange, connection);
}

static void
end(void *server, struct MHD_Connection *connection, void **closure,
    enum MHD_RequestTerminationCode how)
{
    Exchange *exchange = *closure;

    if (exchange == NULL)
        return;
    write_log(exchange);
    g_free(exchange->target);
    g_clear_pointer(&exchange->request, sm_request_free);
    g_clear_pointer(&exchange->answer, sm_answer_free);
    g_string_free(exchange->struck, TRUE);
    g_free(exchange);
    *closure = NULL;
}

int
sm_server_listen(const char *address, guint16 *port, GError **error)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    g_autofree char *service = g_strdup_printf("%u", *port);
    struct sockaddr_in6 bound;
    socklen_t size = sizeof bound;
    struct addrinfo *where;
    sm_autofd int fd = -1;
    const int on = 1;

    if (getaddrinfo(address, service, &hints, &where) == 0) {
        fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 &&
            (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
             bind(fd, where->ai_addr, where->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0 ||
             getsockname(fd, (struct sockaddr *)&bound, &size) < 0))
            sm_close(&fd);
        freeaddrinfo(where);
    }
    if (fd >= 0)
        *port = ntohs(bound.sin6_port); /* sin_port lies there, too */
    else
        sm_error_from_errno(error, SM_ERROR_IO, "%s port %u, --port=0 takes a free one", address,
                            *port);
    return sm_steal_fd(&fd);
}

SmServer *
sm_server_start(int listener, const SmTls *tls, const SmService *service, int log, GError **error)
{
    SmServer *server = g_new0(SmServer, 1);
    const unsigned int flags = MHD_USE_TLS | MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD |
                               MHD_USE_THREAD_PER_CONNECTION;

    server->service = service;
    server->log = log;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_HTTPS_MEM_CERT, tls->certificate, MHD_OPTION_HTTPS_MEM_KEY, tls->key,
        MHD_OPTION_URI_LOG_CALLBACK, begin, server, MHD_OPTION_NOTIFY_COMPLETED, end, server,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX, MHD_OPTION_END);
    if (server->daemon != NULL)
        return server;
    sm_error_set(error, SM_ERROR_INTERNAL, "cannot start the HTTPS server");
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
