#include "fetch/check/checks.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/host/autoptr.h"
#include "fetch/http/authorities.h"
#include "fetch/http/certificate.h"
#include "fetch/http/http.h"
#include "fetch/rules/address.h"
#include "fetch/service/login.h"

enum {
    PATIENCE = 10, /* seconds for an answer, once connected */
    ADDRESSES_SHOWN = 4,
    SKEW_MAX = 60,             /* seconds */
    EXPIRY_AHEAD = 14 * 86400, /* seconds */
};

/* A look at the service without a call of it; no credentials are sent. */
typedef struct {
    SmCertificate certificate; /* the server's; without an issuer: not known */
    gint64 ahead;   /* seconds that our clock is ahead of the service's; behind: negative */
    gboolean dated; /* whether it told its time */
} Probe;

static char *
part_of(const char *url, CURLUPart part)
{
    g_autoptr(CURLU) parsed = curl_url();
    char *text = NULL;
    char *copy;

    curl_url_set(parsed, CURLUPART_URL, url, 0);
    curl_url_get(parsed, part, &text, CURLU_DEFAULT_PORT);
    copy = g_strdup(text);
    curl_free(text);
    return copy;
}

/* The addresses of a host, in *addresses, which the caller frees. */
static gboolean
resolve(const char *host, const char *port, char **addresses, GError **error)
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

/* Whether the name leads anywhere; behind a proxy that is the proxy's affair. */
static gboolean
check_name(SmCheck *check, const SmAccount *account)
{
    g_autofree char *host = part_of(account->service_url, CURLUPART_HOST);
    g_autofree char *port = part_of(account->service_url, CURLUPART_PORT);
    g_autofree char *addresses = NULL;
    GError *fault = NULL;

    if (account->proxy != NULL) {
        sm_check_say(check, SM_CHECK_OK, "name", account, "%s: left to the proxy %s", host,
                     account->proxy);
        return TRUE;
    }
    g_strdelimit(host, "[]", ' '); /* an IPv6 address has them in a URL only */
    g_strstrip(host);
    if (resolve(host, port, &addresses, &fault)) {
        sm_check_say(check, SM_CHECK_OK, "name", account, "%s is %s", host, addresses);
        return TRUE;
    }
    g_prefix_error(&fault, "no address for ");
    return sm_check_say_fault(check, "name", account, fault);
}

/* before: when the request left; its Date is of some time since then. */
static void
compare_clocks(CURL *handle, Probe *probe, gint64 before, gint64 after)
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

/* Asks for the headers of the account's service-url, whatever the answer's status. */
static gboolean
look_at_service(const SmAccount *account, Probe *probe, GError **error)
{
    g_autoptr(CURL) handle = curl_easy_init();
    char detail[CURL_ERROR_SIZE] = "";
    gint64 before = g_get_real_time() / G_USEC_PER_SEC;
    CURLcode result;

    if (!sm_http_prepare(handle, account, PATIENCE, detail, error))
        return FALSE;
    curl_easy_setopt(handle, CURLOPT_URL, account->service_url);
    curl_easy_setopt(handle, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, (long)account->connect_timeout + PATIENCE);
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    result = curl_easy_perform(handle);
    if (result != CURLE_OK) {
        sm_http_set_error(error, SM_ERROR_SERVICE, handle, account->service_url, result, detail);
        return FALSE;
    }
    sm_certificate_read(handle, &probe->certificate);
    compare_clocks(handle, probe, before, g_get_real_time() / G_USEC_PER_SEC);
    return TRUE;
}

static void
say_certificate(SmCheck *check, const SmAccount *account, const Probe *probe,
                const char *authorities)
{
    g_autofree char *until = sm_text_day(probe->certificate.expires);
    gboolean soon = probe->certificate.expires - sm_ledger_now() < EXPIRY_AHEAD;

    if (probe->certificate.issuer == NULL)
        sm_check_say(check, SM_CHECK_OK, "tls", account,
                     "%s answers, its certificate is trusted (authorities: %s)",
                     account->service_url, authorities);
    else
        sm_check_say(check, soon ? SM_CHECK_WARNING : SM_CHECK_OK, "tls", account,
                     "%s answers, its certificate by %s is trusted%s %s%s (authorities: %s)",
                     account->service_url, probe->certificate.issuer,
                     soon ? ", but only until" : " until", until,
                     soon ? "; its operator must renew it" : "", authorities);
}

static void
say_clock(SmCheck *check, const SmAccount *account, const Probe *probe)
{
    gint64 off = ABS(probe->ahead);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *here = g_date_time_format(now, "%Y-%m-%d %H:%M:%S UTC");

    if (!probe->dated)
        sm_check_say(check, SM_CHECK_OK, "clock", account,
                     "it is %s here; the service's time is not known", here);
    else if (off > SKEW_MAX)
        sm_check_say(check, SM_CHECK_WARNING, "clock", account,
                     "this machine's clock is %" G_GINT64_FORMAT
                     " s %s the service's, but a file's URL is valid for 15 s only; synchronise it "
                     "by NTP (timedatectl set-ntp true)",
                     off, probe->ahead > 0 ? "ahead of" : "behind");
    else
        sm_check_say(check, SM_CHECK_OK, "clock", account,
                     "%" G_GINT64_FORMAT " s off the service's", off);
}

void
sm_check_network(SmCheck *check, const SmAccount *account)
{
    g_autofree char *way =
        g_strjoin("\n", account->service_url, account->proxy != NULL ? account->proxy : "",
                  account->ca_file, NULL);
    g_autofree char *authorities = sm_authorities_describe(account);
    g_autoptr(GError) fault = NULL;
    Probe probe = {0};

    if (!g_hash_table_add(check->probed, g_steal_pointer(&way)))
        return;
    if (check_name(check, account) && look_at_service(account, &probe, &fault))
        say_certificate(check, account, &probe, authorities);
    else if (fault != NULL)
        sm_check_say(check, SM_CHECK_FAILURE, "tls", account, "%s (authorities: %s)",
                     fault->message, authorities);
    say_clock(check, account, &probe);
    sm_certificate_clear(&probe.certificate);
}

void
sm_check_login(SmCheck *check, const SmAccount *account)
{
    GError *fault = NULL;

    if (check->ledger == NULL)
        sm_check_say(check, SM_CHECK_FAILURE, "login", account,
                     "not tried, because without a ledger a rejected password cannot be recorded");
    else if (sm_login_check(account, check->ledger, &fault))
        sm_check_say(check, SM_CHECK_OK, "login", account, "the service accepts user name %s",
                     account->username);
    else
        sm_check_say_fault(check, "login", account, fault);
}

static gboolean
has_port(const char *host)
{
    return !g_str_has_suffix(host, "]") && strchr(host, ':') != NULL;
}

/* Each once, in the order in which the accounts name them. */
static void
add_host(GPtrArray *hosts, const char *host)
{
    char *whole = has_port(host) ? g_strdup(host) : g_strconcat(host, ":443", NULL);

    if (g_ptr_array_find_with_equal_func(hosts, whole, g_str_equal, NULL))
        g_free(whole);
    else
        g_ptr_array_add(hosts, whole);
}

static void
add_hosts_of(GPtrArray *hosts, const SmAccount *account)
{
    g_autofree char *host = part_of(account->service_url, CURLUPART_HOST);
    g_autofree char *port = part_of(account->service_url, CURLUPART_PORT);
    g_autofree char *service = g_strconcat(host, ":", port, NULL);

    if (account->proxy != NULL) {
        add_host(hosts, account->proxy);
        return;
    }
    add_host(hosts, service);
    for (char **storage = account->storage_hosts; *storage != NULL; storage++)
        add_host(hosts, *storage);
}

void
sm_check_firewall(SmCheck *check, const SmAccount *none)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *list = NULL;

    SM_EACH (const SmAccount, account, check->config->accounts)
        if (account->enabled && account->fault == NULL)
            add_hosts_of(hosts, account);
    if (hosts->len == 0)
        return;
    g_ptr_array_add(hosts, NULL);
    list = g_strjoinv(", ", (char **)hosts->pdata);
    sm_check_say(check, SM_CHECK_OK, "firewall", NULL,
                 "scorefetch must reach, by TCP: %s (only the first is tested here)", list);
}
