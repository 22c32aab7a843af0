#include "fetch/rules/presigned.h"

#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/host/autoptr.h"

#define HTTPS_PORT "443"

/* `*` stands for a label, or for the rest of one. */
static gboolean
label_matches(const char *wanted, const char *label)
{
    gsize length = strlen(wanted);

    if (length > 0 && wanted[length - 1] == '*')
        return strlen(label) >= length && g_ascii_strncasecmp(wanted, label, length - 1) == 0;
    return g_ascii_strcasecmp(wanted, label) == 0;
}

/* Label by label, so that `*.s3.amazonaws.com` matches neither `s3.amazonaws.com` nor
 * `xs3.amazonaws.com`. */
static gboolean
host_matches(const char *pattern, const char *host)
{
    g_auto(GStrv) wanted = g_strsplit(pattern, ".", -1);
    g_auto(GStrv) given = g_strsplit(host, ".", -1);
    guint labels = g_strv_length(wanted);

    if (labels != g_strv_length(given))
        return FALSE;
    for (guint i = 0; i < labels; i++) {
        if (*given[i] == '\0' || !label_matches(wanted[i], given[i]))
            return FALSE;
    }
    return TRUE;
}

gboolean
sm_presigned_is_listed(const char *host, const char *port, const char *const *storage_hosts,
                       gboolean literally)
{
    for (; *storage_hosts != NULL; storage_hosts++) {
        const char *colon = strrchr(*storage_hosts, ':');
        gboolean has_port = colon != NULL && colon[1] != '\0' && strchr(colon, ']') == NULL;
        g_autofree char *pattern = has_port
                                       ? g_strndup(*storage_hosts, (gsize)(colon - *storage_hosts))
                                       : g_strdup(*storage_hosts);

        if (literally && strchr(pattern, '*') != NULL)
            continue;
        if (strcmp(has_port ? colon + 1 : HTTPS_PORT, port) == 0 && host_matches(pattern, host))
            return TRUE;
    }
    return FALSE;
}

static gboolean
refuse(GError **error, const char *url, const char *why)
{
    g_autofree char *shown = sm_text_redact_url(url);

    return sm_error_set(error, SM_ERROR_URL, "the service's URL %s %s", shown, why);
}

/* A part of the URL, NULL if absent. Caller curl_free()s. */
static char *
part_of(CURLU *parsed, CURLUPart part)
{
    char *text = NULL;

    curl_url_get(parsed, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0);
    return text;
}

static gboolean
is_listed(CURLU *parsed, const char *const *storage_hosts, gboolean literally)
{
    char *host = part_of(parsed, CURLUPART_HOST);
    char *port = part_of(parsed, CURLUPART_PORT);
    gboolean listed = host != NULL && port != NULL &&
                      sm_presigned_is_listed(host, port, storage_hosts, literally);

    curl_free(host);
    curl_free(port);
    return listed;
}

static const char *
fault_of(CURLU *parsed, const char *const *storage_hosts)
{
    char *scheme = part_of(parsed, CURLUPART_SCHEME);
    char *user = part_of(parsed, CURLUPART_USER);
    char *password = part_of(parsed, CURLUPART_PASSWORD);
    const char *fault = NULL;

    if (scheme == NULL || strcmp(scheme, "https") != 0)
        fault = "is not https" SM_PRESIGNED_BAD;
    else if (user != NULL || password != NULL)
        fault = "contains a user name" SM_PRESIGNED_BAD;
    else if (!is_listed(parsed, storage_hosts, FALSE))
        fault = "names a host or port that is not in storage-hosts; refused; if"
                " the service has moved its files there, add that host to storage-hosts";
    curl_free(scheme);
    curl_free(user);
    curl_free(password);
    return fault;
}

gboolean
sm_presigned_check(const char *url, const char *const *storage_hosts, GError **error)
{
    g_autoptr(CURLU) parsed = curl_url();
    const char *fault;

    for (const char *c = url; *c != '\0'; c++)
        if ((guchar)*c <= ' ' || (guchar)*c >= 0x7f || *c == '#' || *c == '\\')
            return refuse(error, url, "has characters that a URL cannot have" SM_PRESIGNED_BAD);
    if (parsed == NULL || curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
        return refuse(error, url, "cannot be parsed" SM_PRESIGNED_BAD);
    fault = fault_of(parsed, storage_hosts);
    return fault == NULL || refuse(error, url, fault);
}

gboolean
sm_presigned_is_literal(const char *url, const char *const *storage_hosts)
{
    g_autoptr(CURLU) parsed = curl_url();

    return parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
           is_listed(parsed, storage_hosts, TRUE);
}
