#include "fetch/http/guard.h"

#include <netinet/in.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/rules/address.h"
#include "fetch/rules/presigned.h"

static gboolean
is_listed(const SmGuard *guard, const struct sockaddr *address)
{
    g_autofree char *host = sm_address_text(address);
    /* sin6_port lies where sin_port does */
    g_autofree char *port =
        g_strdup_printf("%u", ntohs(((const struct sockaddr_in *)address)->sin_port));

    return sm_presigned_is_listed(host, port, guard->storage_hosts, TRUE);
}

/* For libcurl, in place of socket(). */
static curl_socket_t
open_socket(void *user_data, curlsocktype purpose, struct curl_sockaddr *to)
{
    SmGuard *guard = user_data;

    if (!sm_address_is_public(&to->addr) && !is_listed(guard, &to->addr)) {
        g_free(guard->refused);
        guard->refused = sm_address_text(&to->addr);
        return CURL_SOCKET_BAD;
    }
    guard->allowed = TRUE;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void
sm_guard_set(SmGuard *guard, CURL *handle, const SmAccount *account, const char *url)
{
    sm_guard_clear(guard);
    guard->storage_hosts = (const char *const *)account->storage_hosts;
    if (account->proxy != NULL || sm_presigned_is_literal(url, guard->storage_hosts))
        return;
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, guard);
}

gboolean
sm_guard_let_pass(const SmGuard *guard, const char *url, GError **error)
{
    g_autofree char *shown = NULL;

    if (guard->refused == NULL || guard->allowed)
        return TRUE;
    shown = sm_text_redact_url(url);
    return sm_error_set(
        error, SM_ERROR_URL,
        "the service's URL %s resolves to private address %s; refused (to allow it, list "
        "the host in storage-hosts, without *)",
        shown, guard->refused);
}

void
sm_guard_clear(SmGuard *guard)
{
    g_clear_pointer(&guard->refused, g_free);
    guard->allowed = FALSE;
}
