#include "fetch/check/probe.h"

#include <netdb.h>
#include <sys/socket.h>

#include "common/base/error.h"
#include "fetch/host/autoptr.h"
#include "fetch/http/http.h"
#include "fetch/rules/address.h"

enum {
    PATIENCE = 10, /* seconds for an answer, once connected */
    ADDRESSES_SHOWN = 4,
};

void
sm_probe_clear(SmProbe *probe)
{
    sm_certificate_clear(&probe->certificate);
}

/* before: when the request left; its Date is of some time since then. */
static void
compare_clocks(CURL *handle, SmProbe *probe, gint64 before, gint64 after)
{
    const char *date = sm_http_header(handle, "Date");
    time_t theirs = date != NULL ? curl_getdate(date, NULL) : -1;

    probe->dated = theirs >= 0;
    if (!probe->dated)
        return;
    if (theirs < before)
        probe->ahead = before - theirs;
    else if (theirs > after)
        probe->ahead = after - theirs;
}

static gboolean
prepare(CURL *handle, const SmAccount *account, char *detail, GError **error)
{
    if (!sm_http_prepare(handle, account, PATIENCE, detail, error))
        return FALSE;
    curl_easy_setopt(handle, CURLOPT_URL, account->service_url);
    curl_easy_setopt(handle, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, (long)account->connect_timeout + PATIENCE);
    return TRUE;
}

gboolean
sm_probe(const SmAccount *account, SmProbe *probe, GError **error)
{
    g_autoptr(CURL) handle = curl_easy_init();
    char detail[CURL_ERROR_SIZE] = "";
    gint64 before = g_get_real_time() / G_USEC_PER_SEC;
    CURLcode result;

    *probe = (SmProbe){0};
    if (!prepare(handle, account, detail, error))
        return FALSE;
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    result = curl_easy_perform(handle);
    if (result == CURLE_OK) {
        sm_certificate_read(handle, &probe->certificate);
        compare_clocks(handle, probe, before, g_get_real_time() / G_USEC_PER_SEC);
        return TRUE;
    }
    sm_http_set_error(error, SM_ERROR_SERVICE, handle, account->service_url, result, detail);
    return FALSE;
}

gboolean
sm_probe_resolve(const char *host, const char *port, char **addresses, GError **error)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    g_autoptr(GString) list = g_string_new(NULL);
    struct addrinfo *found;
    int fault = getaddrinfo(host, port, &hints, &found);
    guint count = 0;

    if (fault != 0)
        return sm_error_set(error, SM_ERROR_SERVICE, "%s: %s", host, gai_strerror(fault));
    for (const struct addrinfo *one = found; one != NULL && count < ADDRESSES_SHOWN;
         one = one->ai_next, count++) {
        g_autofree char *text = sm_address_text(one->ai_addr);

        g_string_append_printf(list, "%s%s", count > 0 ? ", " : "", text);
    }
    freeaddrinfo(found);
    *addresses = g_string_free(g_steal_pointer(&list), FALSE);
    return TRUE;
}
